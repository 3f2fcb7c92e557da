/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/alias.h"

#include <string.h>

int alias_disk_index(const char *dev)
{
        static const char *const prefixes[] = { "fd", "hd", "vd", "sd", "xvd", "ubd" };
        int index = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
                const char *letter = dev + strlen(prefixes[i]);

                if (!g_str_has_prefix(dev, prefixes[i]) || !*letter)
                        continue;
                for (; g_ascii_islower(*letter) && index < 100000; letter++)
                        index = index * 26 + (*letter - 'a') + 1;
                return *letter ? -1 : index - 1;
        }
        return -1;
}

static void assign(Alias *alias, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void assign(Alias *alias, const char *format, ...)
{
        va_list arguments;

        if (alias->name)
                return;
        va_start(arguments, format);
        alias->name = g_strdup_vprintf(format, arguments);
        va_end(arguments);
}

void alias_assign_disk(DomainConfig *config, Disk *disk)
{
        const DriveAddress *drive = &disk->info.address.drive;
        Alias *alias = &disk->info.alias;
        int64_t last = 0;

        switch (disk->target.bus) {
        case DISK_BUS_VIRTIO:
                assign(alias, "virtio-disk%d", alias_disk_index(disk->target.dev));
                break;
        case DISK_BUS_USB:
                assign(alias, "usb-disk%d", alias_disk_index(disk->target.dev));
                break;
        case DISK_BUS_SCSI:
                assign(alias, "scsi%u-%u-%u-%u", drive->controller, drive->bus, drive->target,
                        drive->unit);
                break;
        default:
                assign(alias, "%s%u-%u-%u", enum_name(&disk_bus_names, disk->target.bus),
                        drive->controller, drive->bus, drive->unit);
        }

        if (!disk->source.path || disk->source.index.set)
                return;
        for (size_t i = 0; i < config->devices.n_disks; i++)
                last = MAX(last, number_or(config->devices.disks[i]->source.index, 0));
        disk->source.index = number(last + 1);
}

static void assign_controller(const DomainConfig *config, Controller *controller)
{
        Alias *alias = &controller->info.alias;
        unsigned index = number_or(controller->index, 0);
        bool q35 = config->os.type.machine && strstr(config->os.type.machine, "q35");

        /* Those of index 0 that the machine brings are named as its buses are. */
        switch (controller->type) {
        case CONTROLLER_PCI:
                assign(alias, "%s.%u",
                        g_strcmp0(controller->model, "pcie-root") == 0 ? "pcie" : "pci", index);
                break;
        case CONTROLLER_USB:
                if (index == 0)
                        assign(alias, "usb");
                else
                        assign(alias, "usb%u", index);
                break;
        case CONTROLLER_IDE:
        case CONTROLLER_SATA:
                if (index == 0 && q35 == (controller->type == CONTROLLER_SATA)) {
                        assign(alias, "ide");
                        break;
                }
                G_GNUC_FALLTHROUGH;
        default:
                assign(alias, "%s%u", enum_name(&controller_type_names, controller->type), index);
        }
}

void alias_assign(DomainConfig *config)
{
        Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_controllers; i++)
                assign_controller(config, devices->controllers[i]);
        for (size_t i = 0; i < devices->n_disks; i++)
                alias_assign_disk(config, devices->disks[i]);
        for (size_t i = 0; i < devices->n_interfaces; i++)
                assign(&devices->interfaces[i]->info.alias, "net%zu", i);
        for (size_t i = 0; i < devices->n_serials; i++)
                assign(&devices->serials[i]->info.alias, "serial%zu", i);
        for (size_t i = 0; i < devices->n_parallels; i++)
                assign(&devices->parallels[i]->info.alias, "parallel%zu", i);
        for (size_t i = 0; i < devices->n_consoles; i++) {
                Chardev *console = devices->consoles[i];

                /* The first one may be the first serial port, seen again. */
                if (i == 0 && console->target.type == TARGET_SERIAL && devices->n_serials > 0)
                        assign(&console->info.alias, "%s", devices->serials[0]->info.alias.name);
                else
                        assign(&console->info.alias, "console%zu", i);
        }
        for (size_t i = 0; i < devices->n_channels; i++)
                assign(&devices->channels[i]->info.alias, "channel%zu", i);
        for (size_t i = 0; i < devices->n_inputs; i++)
                assign(&devices->inputs[i]->info.alias, "input%zu", i);
        for (size_t i = 0; i < devices->n_videos; i++)
                assign(&devices->videos[i]->info.alias, "video%zu", i);
        for (size_t i = 0; i < devices->n_sounds; i++)
                assign(&devices->sounds[i]->info.alias, "sound%zu", i);
        for (size_t i = 0; i < devices->n_watchdogs; i++)
                assign(&devices->watchdogs[i]->info.alias, "watchdog%zu", i);
        if (devices->memballoon && devices->memballoon->model != MEMBALLOON_NONE)
                assign(&devices->memballoon->info.alias, "balloon0");
        for (size_t i = 0; i < devices->n_rngs; i++)
                assign(&devices->rngs[i]->info.alias, "rng%zu", i);
        for (size_t i = 0; i < devices->n_hubs; i++)
                assign(&devices->hubs[i]->info.alias, "hub%zu", i);
        for (size_t i = 0; i < devices->n_panics; i++)
                assign(&devices->panics[i]->info.alias, "panic%zu", i);
}

char *alias_format_node(const Disk *disk)
{
        return g_strdup_printf("libvirt-%u-format", (unsigned)number_or(disk->source.index, 0));
}

char *alias_storage_node(const Disk *disk)
{
        return g_strdup_printf("libvirt-%u-storage", (unsigned)number_or(disk->source.index, 0));
}
