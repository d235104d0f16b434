/* risiti config …: the configuration file. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

/* The findings as lines of text, or as one JSON object. */
static void findings_write(struct cli *cli, const struct config_findings *findings, bool is_fine)
{
    if (!cli->json) {
        buffer_append(&cli->output, buffer_str(&findings->warnings));
        if (is_fine)
            buffer_format(&cli->output, "%s: fine\n", cli->config_path);
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_bool(&cli->writer, "fine", is_fine);
    for (int i = 0; i < 2; i++) {
        struct str rest = buffer_str(i == 0 ? &findings->errors : &findings->warnings);

        jwrite_array_begin(&cli->writer, i == 0 ? "errors" : "warnings");
        while (rest.length > 0)
            jwrite_str(&cli->writer, NULL, str_cut(&rest, '\n'));
        jwrite_array_end(&cli->writer);
    }
    jwrite_object_end(&cli->writer);
}

int cli_config_check(struct cli *cli)
{
    struct config_findings findings;
    bool is_fine;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    config_findings_init(&findings);
    is_fine = config_load(cli->config_path, &cli->config, &findings) == ERR_OK;
    findings_write(cli, &findings, is_fine);
    if (!is_fine && !cli->json && findings.errors.length > 0)
        (void)fputs(findings.errors.data, stderr);
    config_findings_release(&findings);
    return cli_finish(cli, is_fine);
}

int cli_config_example(struct cli *cli)
{
    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    cli->json = false;
    config_write_example(&cli->output);
    return CLI_OK;
}
