# SPDX-License-Identifier: GPL-2.0-only
#
# The VFIO selftest library, for its own directory and for others. Include
# after lib.mk, which sets $(selfdir) and $(OUTPUT); link $(LIBVFIO_O).

LIBVFIO_DIR := $(selfdir)/vfio/lib
LIBVFIO_C := $(patsubst $(LIBVFIO_DIR)/%,%,\
	$(wildcard $(LIBVFIO_DIR)/*.c $(LIBVFIO_DIR)/drivers/*.c))
LIBVFIO_O := $(patsubst %.c,$(OUTPUT)/libvfio/%.o,$(LIBVFIO_C))

CFLAGS += -I$(LIBVFIO_DIR)/include

$(shell mkdir -p $(sort $(dir $(LIBVFIO_O))))

$(LIBVFIO_O): $(OUTPUT)/libvfio/%.o: $(LIBVFIO_DIR)/%.c
	$(CC) $(CFLAGS) $(CPPFLAGS) -I$(selfdir) -c $< -o $@

EXTRA_CLEAN += $(LIBVFIO_O) $(LIBVFIO_O:.o=.d) $(OUTPUT)/libvfio
