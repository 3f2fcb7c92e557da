/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the command line have in common; private to command*.c. */

#include <jansson.h>

#include "drivers/qemu/command.h"

typedef struct Builder {
        const DomainConfig *config;
        const QemuBinary *binary;
        const QemuMachine *machine;
        const QemuRuntime *runtime;
        bool q35;
        bool audio; /* -audiodev audio1 was given */
        GPtrArray *argv;
        GPtrArray *envp;
        GArray *fds; /* of ChildFd */
        unsigned n_fdsets;
        /* The device that each <boot dev=''/> stands for, with its place. */
        const void *boot_devices[BOOT_MAX];
        unsigned boot_places[BOOT_MAX];
} Builder;

/* An option and its argument. */
void builder_add(Builder *builder, const char *option, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same in JSON; steals it. */
void builder_add_json(Builder *builder, const char *option, json_t *json);

/* The descriptor of that role with number index, as QEMU will see it; -1 where there is none. */
int builder_fd(Builder *builder, QemuDescriptorRole role, const void *device, unsigned index);
/* How QEMU is to open path: as one of its sets of descriptors where there are some. Allocated. */
char *builder_path(Builder *builder, QemuDescriptorRole role, const void *device, const char *path);

/* How a node's file is opened: as a descriptor it has the one access mode that it was opened with;
 * as a path QEMU writes to it only while something does. */
void builder_set_access(json_t *node, const char *path, bool read_only);

/* A device with its driver; the order of members is that of the command line. */
json_t *builder_device(const char *driver);
/* Puts id, bus, address and option ROM; boot devices their place. */
void builder_place(Builder *builder, json_t *device, const DeviceInfo *info, const void *of);

/* Members that may be absent. */
void json_set_text(json_t *object, const char *key, const char *value);
void json_set_number(json_t *object, const char *key, Number value);
void json_set_bool(json_t *object, const char *key, Switch value);
void json_set_on_off(json_t *object, const char *key, Switch value);
void json_set_virtio(json_t *object, const VirtioOptions *options);

/* "virtio-blk" and a model -> "virtio-blk-pci-transitional". Allocated. */
char *builder_virtio(const char *base, VirtioModel model);

/* A value for an option with commas in its syntax: commas are doubled. Allocated. */
char *builder_escape(const char *value);

/* "usb-ehci" for <controller type='usb' model='ehci'>; NULL for a model that is not known. */
const char *usb_controller_driver(const char *model);
const char *scsi_controller_driver(const char *model);
const char *pci_controller_driver(const char *model);
const char *sound_driver(SoundModel model);

void command_add_controllers(Builder *builder);
void command_add_hubs(Builder *builder);
void command_add_disks(Builder *builder);
int command_add_interfaces(Builder *builder, GError **error);
void command_add_chardevs(Builder *builder);
void command_add_graphics(Builder *builder);
void command_add_devices(Builder *builder);
