/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/builder.h"

#include <string.h>

/* The first number that QEMU sees a descriptor of ours as. */
#define FIRST_FD 3

void builder_add(Builder *builder, const char *option, const char *format, ...)
{
        va_list arguments;

        g_ptr_array_add(builder->argv, g_strdup(option));
        va_start(arguments, format);
        g_ptr_array_add(builder->argv, g_strdup_vprintf(format, arguments));
        va_end(arguments);
}

void builder_add_json(Builder *builder, const char *option, json_t *json)
{
        char *text = json_dumps(json, JSON_COMPACT);

        builder_add(builder, option, "%s", text);
        free(text);
        json_decref(json);
}

static const QemuDescriptor *find_descriptor(
        Builder *builder, QemuDescriptorRole role, const void *device, unsigned index)
{
        for (size_t i = 0; i < builder->runtime->n_descriptors; i++) {
                const QemuDescriptor *each = &builder->runtime->descriptors[i];

                if (each->role == role && each->device == device && index-- == 0)
                        return each;
        }
        return NULL;
}

int builder_fd(Builder *builder, QemuDescriptorRole role, const void *device, unsigned index)
{
        const QemuDescriptor *descriptor = find_descriptor(builder, role, device, index);
        ChildFd child;

        if (!descriptor)
                return -1;
        child = (ChildFd){ .fd = descriptor->fd, .number = FIRST_FD + builder->fds->len };
        g_array_append_val(builder->fds, child);
        return child.number;
}

char *builder_path(Builder *builder, QemuDescriptorRole role, const void *device, const char *path)
{
        int fd = builder_fd(builder, role, device, 0);

        if (fd < 0)
                return g_strdup(path);
        builder->n_fdsets++;
        for (unsigned index = 1; fd >= 0; index++) {
                builder_add(builder, "-add-fd", "set=%u,fd=%d", builder->n_fdsets, fd);
                fd = builder_fd(builder, role, device, index);
        }
        return g_strdup_printf("/dev/fdset/%u", builder->n_fdsets);
}

void builder_set_access(json_t *node, const char *path, bool read_only)
{
        if (read_only || g_str_has_prefix(path, "/dev/fdset/"))
                json_object_set_new(node, "read-only", json_boolean(read_only));
        else
                json_object_set_new(node, "auto-read-only", json_true());
}

json_t *builder_device(const char *driver)
{
        return json_pack("{s:s}", "driver", driver);
}

/* The id of the controller behind a bus of an address. */
static const char *controller_id(Builder *builder, ControllerType type, unsigned index)
{
        const Controller *controller = domain_config_controller(builder->config, type, index);

        return controller ? controller->info.alias.name : NULL;
}

static void place_on_pci(Builder *builder, json_t *device, const PciAddress *address)
{
        const char *bus = controller_id(builder, CONTROLLER_PCI, address->bus);

        json_set_text(device, "bus", bus);
        json_set_bool(device, "multifunction",
                address->multifunction == SWITCH_ON ? SWITCH_ON : SWITCH_ABSENT);
        if (address->function)
                json_object_set_new(device, "addr",
                        json_sprintf("0x%x.0x%x", address->slot, address->function));
        else
                json_object_set_new(device, "addr", json_sprintf("0x%x", address->slot));
}

void builder_place(Builder *builder, json_t *device, const DeviceInfo *info, const void *of)
{
        const Address *address = &info->address;

        json_set_text(device, "id", info->alias.name);
        switch (address->type) {
        case ADDRESS_PCI:
                place_on_pci(builder, device, &address->pci);
                break;
        case ADDRESS_USB: {
                const char *bus = controller_id(builder, CONTROLLER_USB, address->usb.bus);

                json_object_set_new(device, "bus", json_sprintf("%s.0", bus ? bus : "usb"));
                json_set_text(device, "port", address->usb.port);
                break;
        }
        case ADDRESS_VIRTIO_SERIAL: {
                const char *bus = controller_id(
                        builder, CONTROLLER_VIRTIO_SERIAL, address->virtio_serial.controller);

                json_object_set_new(
                        device, "bus", json_sprintf("%s.0", bus ? bus : "virtio-serial0"));
                json_object_set_new(device, "nr", json_integer(address->virtio_serial.port));
                break;
        }
        case ADDRESS_ISA:
                json_set_number(device, "iobase", address->isa.iobase);
                json_set_number(device, "irq", address->isa.irq);
                break;
        default:
                break;
        }

        if (info->boot.order.set)
                json_set_number(device, "bootindex", info->boot.order);
        else
                for (int i = 0; i < BOOT_MAX; i++)
                        if (of && builder->boot_devices[i] == of)
                                json_object_set_new(
                                        device, "bootindex", json_integer(builder->boot_places[i]));

        if (!info->rom)
                return;
        if (info->rom->bar != SWITCH_ABSENT)
                json_object_set_new(device, "rombar", json_integer(info->rom->bar == SWITCH_ON));
        if (info->rom->enabled == SWITCH_OFF)
                json_set_text(device, "romfile", "");
        else
                json_set_text(device, "romfile", info->rom->file);
}

void json_set_text(json_t *object, const char *key, const char *value)
{
        if (value)
                json_object_set_new(object, key, json_string(value));
}

void json_set_number(json_t *object, const char *key, Number value)
{
        if (value.set)
                json_object_set_new(object, key, json_integer(value.value));
}

void json_set_bool(json_t *object, const char *key, Switch value)
{
        if (value != SWITCH_ABSENT)
                json_object_set_new(object, key, json_boolean(value == SWITCH_ON));
}

void json_set_on_off(json_t *object, const char *key, Switch value)
{
        if (value != SWITCH_ABSENT)
                json_object_set_new(object, key, json_string(value == SWITCH_ON ? "on" : "off"));
}

void json_set_virtio(json_t *object, const VirtioOptions *options)
{
        json_set_bool(object, "iommu_platform", options->iommu);
        json_set_bool(object, "ats", options->ats);
        json_set_bool(object, "packed", options->packed);
        json_set_bool(object, "page-per-vq", options->page_per_vq);
}

char *builder_virtio(const char *base, VirtioModel model)
{
        return g_strconcat(base, "-pci",
                model == VIRTIO_TRANSITIONAL             ? "-transitional" :
                        model == VIRTIO_NON_TRANSITIONAL ? "-non-transitional" :
                                                           "",
                NULL);
}

char *builder_escape(const char *value)
{
        GString *text = g_string_new(value);

        g_string_replace(text, ",", ",,", 0);
        return g_string_free(text, FALSE);
}
