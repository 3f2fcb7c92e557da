/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "drivers/model/domain-tables.h"

/* Where devices stand on the buses for drives, on USB and among virtio serial ports; domain-pci.c
 * is for PCI. */

/* ---- names ---------------------------------------------------------------------------------- */

int disk_name_index(const char *name, DiskBus *ret_bus)
{
        static const struct {
                const char *prefix;
                DiskBus bus;
        } prefixes[] = {
                { "fd", DISK_BUS_FDC },
                { "hd", DISK_BUS_IDE },
                { "sd", DISK_BUS_SCSI },
                { "vd", DISK_BUS_VIRTIO },
                { "xvd", DISK_BUS_XEN },
                { "ubd", DISK_BUS_UML },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
                const char *p = name + strlen(prefixes[i].prefix);
                unsigned index = 0;

                if (!g_str_has_prefix(name, prefixes[i].prefix) || !g_ascii_islower(*p))
                        continue;
                /* a ... z, aa ... zz, aaa ...: digits from 1 to 26. Three are more than any bus
                 * has. */
                for (; g_ascii_islower(*p); p++) {
                        if (index > 26 * 27)
                                return -1;
                        index = index * 26 + (*p - 'a' + 1);
                }
                /* A partition's number may follow. */
                if (p[strspn(p, "0123456789")])
                        return -1;
                if (ret_bus)
                        *ret_bus = prefixes[i].bus;
                return (int)index - 1;
        }
        return -1;
}

char *device_describe(const char *kind, const void *device)
{
        if (strcmp(kind, "disk") == 0)
                return g_strdup_printf("disk '%s'", ((const Disk *)device)->target.dev ?: "");
        if (strcmp(kind, "interface") == 0)
                return g_strdup_printf(
                        "interface '%s'", ((const InterfaceDevice *)device)->mac.address ?: "");
        if (strcmp(kind, "controller") == 0) {
                const Controller *controller = device;

                return g_strdup_printf("controller '%s' %d",
                        controller_type_names.names[controller->type],
                        (int)number_or(controller->index, 0));
        }
        return g_strdup(kind);
}

/* ---- drives --------------------------------------------------------------------------------- */

/* The place on its bus that a disk's name implies; how many stand on one controller depends on the
 * bus. */
static bool drive_place(const Disk *disk, int index, DriveAddress *ret)
{
        switch (disk->target.bus) {
        case DISK_BUS_SCSI:
                /* Unit 7 is the adapter's own. */
                *ret = (DriveAddress){ .controller = index / 7, .unit = index % 7 };
                return true;
        case DISK_BUS_IDE:
                *ret = (DriveAddress){
                        .controller = index / 4, .bus = index % 4 / 2, .unit = index % 2
                };
                return true;
        case DISK_BUS_SATA:
                *ret = (DriveAddress){ .controller = index / 6, .unit = index % 6 };
                return true;
        case DISK_BUS_FDC:
                *ret = (DriveAddress){ .controller = index / 2, .unit = index % 2 };
                return true;
        default:
                return false;
        }
}

static ControllerType drive_controller(DiskBus bus)
{
        static const ControllerType types[DISK_BUS_MAX] = { [DISK_BUS_SCSI] = CONTROLLER_SCSI,
                [DISK_BUS_FDC] = CONTROLLER_FDC,
                [DISK_BUS_IDE] = CONTROLLER_IDE,
                [DISK_BUS_SATA] = CONTROLLER_SATA };

        return types[bus];
}

#define MAX_CONTROLLERS 256

/* Controllers of the type from 0 to index. */
static int need_controllers(
        DomainConfig *config, ControllerType type, unsigned index, GError **error)
{
        if (index >= MAX_CONTROLLERS)
                return error_set(error, ERROR_XML_ERROR, "%s controller index %u is larger than %d",
                        controller_type_names.names[type], index, MAX_CONTROLLERS - 1);
        for (unsigned i = 0; i <= index; i++)
                if (!domain_config_controller(config, type, i))
                        domain_config_add_controller(config, type, i, NULL);
        return 0;
}

static bool is_virtio_serial(const Chardev *channel)
{
        return channel->target.type == TARGET_VIRTIO;
}

int domain_assign_drives(DomainConfig *config, GError **error)
{
        static const DiskBus buses[] = { DISK_BUS_SCSI, DISK_BUS_FDC, DISK_BUS_IDE, DISK_BUS_SATA };
        Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_disks; i++) {
                Disk *disk = devices->disks[i];
                int index = disk_name_index(disk->target.dev, NULL);

                if (disk->info.address.type == ADDRESS_NONE && index >= 0 &&
                        drive_place(disk, index, &disk->info.address.drive))
                        disk->info.address.type = ADDRESS_DRIVE;
        }
        for (size_t b = 0; b < G_N_ELEMENTS(buses); b++)
                for (size_t i = 0; i < devices->n_disks; i++) {
                        const Disk *disk = devices->disks[i];

                        if (disk->target.bus == buses[b] &&
                                disk->info.address.type == ADDRESS_DRIVE &&
                                need_controllers(config, drive_controller(buses[b]),
                                        disk->info.address.drive.controller, error) < 0)
                                return -1;
                }
        for (size_t i = 0; i < devices->n_channels; i++) {
                const Chardev *channel = devices->channels[i];
                bool placed = channel->info.address.type == ADDRESS_VIRTIO_SERIAL;

                if (is_virtio_serial(channel) &&
                        need_controllers(config, CONTROLLER_VIRTIO_SERIAL,
                                placed ? channel->info.address.virtio_serial.controller : 0,
                                error) < 0)
                        return -1;
        }
        for (size_t i = 0; i < devices->n_consoles; i++)
                if (is_virtio_serial(devices->consoles[i]) &&
                        need_controllers(config, CONTROLLER_VIRTIO_SERIAL, 0, error) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_hostdevs; i++) {
                const Address *address = &devices->hostdevs[i]->info.address;

                if (devices->hostdevs[i]->type == HOSTDEV_SCSI && address->type == ADDRESS_DRIVE &&
                        need_controllers(
                                config, CONTROLLER_SCSI, address->drive.controller, error) < 0)
                        return -1;
        }
        if (devices->n_smartcards > 0)
                return need_controllers(config, CONTROLLER_CCID, 0, error);
        return 0;
}

/* ---- USB ------------------------------------------------------------------------------------ */

#define MAX_USB_PORTS 15

typedef struct UsbMap {
        DomainConfig *config;
        bool used[MAX_CONTROLLERS][MAX_USB_PORTS + 1];
        GError **error;
} UsbMap;

static unsigned usb_ports(const Controller *controller)
{
        static const struct {
                const char *model;
                unsigned n;
        } ports[] = { { "ich9-ehci1", 6 }, { "ehci", 6 }, { "pci-ohci", 3 }, { "nec-xhci", 4 },
                { "qemu-xhci", 4 }, { "none", 0 } };

        if (controller->ports.set)
                return MIN(controller->ports.value, MAX_USB_PORTS);
        for (size_t i = 0; i < G_N_ELEMENTS(ports); i++)
                if (g_strcmp0(controller->model, ports[i].model) == 0)
                        return ports[i].n;
        return 2;
}

static bool is_usb(const char *kind, const void *device)
{
        if (strcmp(kind, "disk") == 0)
                return ((const Disk *)device)->target.bus == DISK_BUS_USB;
        if (strcmp(kind, "input") == 0)
                return ((const Input *)device)->bus == INPUT_BUS_USB;
        if (strcmp(kind, "serial") == 0)
                return ((const Chardev *)device)->target.type == TARGET_USB_SERIAL;
        if (strcmp(kind, "sound") == 0)
                return ((const Sound *)device)->model == SOUND_USB;
        if (strcmp(kind, "hub") == 0 || strcmp(kind, "redirdev") == 0)
                return true;
        if (strcmp(kind, "hostdev") == 0)
                return ((const Hostdev *)device)->type == HOSTDEV_USB;
        return false;
}

static int usb_claim_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        const UsbAddress *usb = &info->address.usb;
        UsbMap *map = data;
        unsigned port;

        if (info->address.type != ADDRESS_USB || !usb->port || strcmp(kind, "console") == 0)
                return 0;
        if (usb->bus >= MAX_CONTROLLERS ||
                !domain_config_controller(map->config, CONTROLLER_USB, usb->bus))
                return error_set(map->error, ERROR_XML_ERROR,
                        "USB bus %u requested but no controller "
                        "with that index is present",
                        usb->bus);
        port = strtoul(usb->port, NULL, 10);
        /* Behind a hub the port is the hub's to share. */
        if (strchr(usb->port, '.') || port == 0 || port > MAX_USB_PORTS)
                return 0;
        if (map->used[usb->bus][port]) {
                g_autofree char *name = device_describe(kind, device);

                return error_set(map->error, ERROR_XML_ERROR,
                        "Duplicate USB address bus %u port %s: %s", usb->bus, usb->port, name);
        }
        map->used[usb->bus][port] = true;
        return 0;
}

static int usb_place_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        UsbMap *map = data;
        const Devices *devices = &map->config->devices;
        bool wanted = info->address.type == ADDRESS_NONE ||
                (info->address.type == ADDRESS_USB && !info->address.usb.port);

        if (!wanted || !is_usb(kind, device))
                return 0;
        for (size_t i = 0; i < devices->n_controllers; i++) {
                const Controller *controller = devices->controllers[i];
                unsigned bus = number_or(controller->index, 0);

                if (controller->type != CONTROLLER_USB || bus >= MAX_CONTROLLERS ||
                        controller->master.start_port.set)
                        continue;
                for (unsigned port = 1; port <= usb_ports(controller); port++)
                        if (!map->used[bus][port]) {
                                map->used[bus][port] = true;
                                info->address.type = ADDRESS_USB;
                                info->address.usb.bus = bus;
                                info->address.usb.port = g_strdup_printf("%u", port);
                                return 0;
                        }
        }
        return error_set(map->error, ERROR_XML_ERROR, "No free USB ports");
}

static int assign_usb(DomainConfig *config, GError **error)
{
        g_autofree UsbMap *map = g_new0(UsbMap, 1);

        map->config = config;
        map->error = error;
        if (domain_config_each_device(config, usb_claim_visit, map) != 0)
                return -1;
        return domain_config_each_device(config, usb_place_visit, map) != 0 ? -1 : 0;
}

/* ---- virtio serial ports -------------------------------------------------------------------- */

static bool serial_port_used(const Devices *devices, unsigned port, const Chardev *self)
{
        for (size_t i = 0; i < devices->n_channels; i++) {
                const Chardev *channel = devices->channels[i];

                if (channel != self && channel->info.address.type == ADDRESS_VIRTIO_SERIAL &&
                        channel->info.address.virtio_serial.controller == 0 &&
                        channel->info.address.virtio_serial.port == port)
                        return true;
        }
        return false;
}

/* Port 0 is the console's. */
static void assign_virtio_serial(DomainConfig *config)
{
        const Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_channels; i++) {
                Chardev *channel = devices->channels[i];
                Address *address = &channel->info.address;
                unsigned port = 1;

                if (!is_virtio_serial(channel))
                        continue;
                if (address->type != ADDRESS_NONE &&
                        (address->type != ADDRESS_VIRTIO_SERIAL ||
                                address->virtio_serial.port != 0))
                        continue;
                while (serial_port_used(devices, port, channel))
                        port++;
                address->type = ADDRESS_VIRTIO_SERIAL;
                address->virtio_serial.port = port;
        }
}

int domain_assign_addresses(DomainConfig *config, GError **error)
{
        /* QEMU's own choice of an adapter for SCSI disks. */
        for (size_t i = 0; i < config->devices.n_controllers; i++) {
                Controller *controller = config->devices.controllers[i];
                bool pc = machine_is_q35(config) || machine_is_i440fx(config);

                if (controller->type == CONTROLLER_SCSI && !controller->model)
                        controller->model = g_strdup(pc ? "lsilogic" : "virtio-scsi");
                if (controller->type == CONTROLLER_USB && !controller->model && pc)
                        controller->model =
                                g_strdup(machine_is_q35(config) ? "qemu-xhci" : "piix3-uhci");
        }
        assign_virtio_serial(config);
        if (assign_usb(config, error) < 0)
                return -1;
        return domain_assign_pci(config, error);
}
