# What the manuals say, compared with what the programs and the tables say.
dist_check_SCRIPTS += tests/docs/check-docs
TESTS += tests/docs/check-docs
