# base: what every layer stands on; knows nothing above it.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	include/risiti/base/arena.h \
	include/risiti/base/banned.h \
	include/risiti/base/base.h \
	include/risiti/base/buffer.h \
	include/risiti/base/err.h \
	include/risiti/base/mem.h \
	include/risiti/base/number.h \
	include/risiti/base/str.h \
	src/base/arena.c \
	src/base/buffer.c \
	src/base/err.c \
	src/base/mem.c \
	src/base/number.c \
	src/base/str.c
libbase_a_SOURCES += \
	include/risiti/base/clock.h include/risiti/base/crypto.h include/risiti/base/money.h \
	include/risiti/base/phone.h include/risiti/base/receipt.h include/risiti/base/uuid.h \
	src/base/clock.c src/base/crypto.c src/base/money.c src/base/phone.c \
	src/base/receipt.c src/base/uuid.c
libbase_a_SOURCES += \
	include/risiti/base/config.h include/risiti/base/config_keys.h \
	include/risiti/base/config_rows.h include/risiti/base/config_short_code_keys.h \
	src/base/config.c src/base/config_check.c src/base/config_file.c src/base/config_networks.c \
	src/base/config_rows.c src/base/config_value.c src/base/config_write.c
libbase_a_SOURCES += \
	include/risiti/base/jwrite.h src/base/jwrite.c
libbase_a_SOURCES += \
	include/risiti/base/jread.h src/base/jread.c src/base/jscan.c src/base/jscan.h
libbase_a_SOURCES += \
	include/risiti/base/log.h src/base/log.c
libbase_a_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) $(CRYPTO_CFLAGS) $(INIH_CFLAGS)
BASE_LIBS = $(JSONC_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS)
