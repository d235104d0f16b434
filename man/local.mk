# Manual pages. Those of risiti-fcgi and risiti-sandbox are listed beside their programs.
dist_man_MANS += man/risiti.1 man/risiti.ini.5
