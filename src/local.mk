# Libraries, lowest layer first; each folder's own list stands beside its sources.
include src/base/local.mk
include src/http/local.mk
include src/db/local.mk
include src/net/local.mk
include src/daraja/local.mk
include src/domain/local.mk
include src/jobs/local.mk
include src/api/local.mk
include src/fcgi/local.mk
include src/cli/local.mk
include src/sandbox/local.mk
