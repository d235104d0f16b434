/* One plain CGI request: environment, standard input and output; for hosts without FastCGI. */
#ifndef RISITI_FCGI_CGI_H
#define RISITI_FCGI_CGI_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"

/* Answers the request. The result is an exit status. Call signals_init before. */
int cgi_run(const struct config *config, const char *const *environment);
/* Answers 503, when there is no configuration to work with. */
void cgi_answer_unavailable(void);

#endif
