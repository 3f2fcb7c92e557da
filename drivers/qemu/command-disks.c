/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Controllers and disks. */

#include <string.h>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/builder.h"

/* libvirt's words for models of controllers and QEMU's types of devices. */
typedef struct Model {
        const char *model;
        const char *driver;
} Model;

static const char *find_model(const Model *models, size_t n, const char *model)
{
        for (size_t i = 0; i < n; i++)
                if (g_strcmp0(models[i].model, model) == 0)
                        return models[i].driver;
        return NULL;
}

const char *usb_controller_driver(const char *model)
{
        static const Model models[] = {
                { "piix3-uhci", "piix3-usb-uhci" },
                { "piix4-uhci", "piix4-usb-uhci" },
                { "ehci", "usb-ehci" },
                { "ich9-ehci1", "ich9-usb-ehci1" },
                { "ich9-uhci1", "ich9-usb-uhci1" },
                { "ich9-uhci2", "ich9-usb-uhci2" },
                { "ich9-uhci3", "ich9-usb-uhci3" },
                { "vt82c686b-uhci", "vt82c686b-usb-uhci" },
                { "pci-ohci", "pci-ohci" },
                { "nec-xhci", "nec-usb-xhci" },
                { "qemu-xhci", "qemu-xhci" },
                { NULL, "piix3-usb-uhci" },
        };

        return find_model(models, G_N_ELEMENTS(models), model);
}

const char *scsi_controller_driver(const char *model)
{
        static const Model models[] = {
                { "virtio-scsi", "virtio-scsi-pci" },
                { "virtio-transitional", "virtio-scsi-pci-transitional" },
                { "virtio-non-transitional", "virtio-scsi-pci-non-transitional" },
                { "lsilogic", "lsi53c895a" },
                { "lsisas1068", "mptsas1068" },
                { "lsisas1078", "megasas" },
                { "vmpvscsi", "pvscsi" },
                { "am53c974", "am53c974" },
                { "dc390", "dc390" },
                { NULL, "lsi53c895a" },
        };

        return find_model(models, G_N_ELEMENTS(models), model);
}

const char *pci_controller_driver(const char *model)
{
        static const Model models[] = {
                { "pcie-root-port", "pcie-root-port" },
                { "pci-bridge", "pci-bridge" },
                { "dmi-to-pci-bridge", "i82801b11-bridge" },
                { "pcie-to-pci-bridge", "pcie-pci-bridge" },
                { "pcie-switch-upstream-port", "x3130-upstream" },
                { "pcie-switch-downstream-port", "xio3130-downstream" },
        };

        return find_model(models, G_N_ELEMENTS(models), model);
}

static bool is_virtio_scsi(const char *driver)
{
        return g_str_has_prefix(driver, "virtio-scsi");
}

static json_t *pci_controller(const Controller *controller)
{
        const ControllerTarget *target = &controller->target;
        json_t *device;

        if (number_or(controller->index, 0) == 0)
                return NULL; /* the machine's own root */
        device = builder_device(controller->pci_model.name ?
                        controller->pci_model.name :
                        pci_controller_driver(controller->model));
        json_set_number(device, "port", target->port);
        json_set_number(device, "chassis", target->chassis);
        json_set_number(device, "chassis_nr", target->chassis_nr);
        json_set_bool(device, "hotplug", target->hotplug);
        return device;
}

static json_t *usb_controller(const Controller *controller)
{
        json_t *device;

        if (g_strcmp0(controller->model, "none") == 0)
                return NULL;
        device = builder_device(usb_controller_driver(controller->model));
        if (controller->ports.set && controller->model && strstr(controller->model, "xhci")) {
                json_set_number(device, "p2", controller->ports);
                json_set_number(device, "p3", controller->ports);
        }
        return device;
}

static json_t *scsi_controller(const Controller *controller)
{
        const char *driver = scsi_controller_driver(controller->model);
        json_t *device = builder_device(driver);

        if (!is_virtio_scsi(driver))
                return device;
        if (controller->driver.iothread.set)
                json_object_set_new(device, "iothread",
                        json_sprintf("iothread%u", (unsigned)controller->driver.iothread.value));
        json_set_number(device, "num_queues", controller->driver.queues);
        json_set_number(device, "cmd_per_lun", controller->driver.cmd_per_lun);
        json_set_number(device, "max_sectors", controller->driver.max_sectors);
        json_set_bool(device, "ioeventfd", controller->driver.ioeventfd);
        json_set_virtio(device, &controller->driver.virtio);
        return device;
}

static json_t *virtio_serial_controller(const Controller *controller)
{
        g_autofree char *driver = builder_virtio("virtio-serial",
                g_strcmp0(controller->model, "virtio-transitional") == 0 ? VIRTIO_TRANSITIONAL :
                        g_strcmp0(controller->model, "virtio-non-transitional") == 0 ?
                                                                           VIRTIO_NON_TRANSITIONAL :
                                                                           VIRTIO_PLAIN);
        json_t *device = builder_device(driver);

        json_set_number(device, "max_ports", controller->ports);
        json_set_number(device, "vectors", controller->vectors);
        json_set_virtio(device, &controller->driver.virtio);
        return device;
}

static json_t *controller_device(Builder *builder, const Controller *controller)
{
        switch (controller->type) {
        case CONTROLLER_PCI:
                return pci_controller(controller);
        case CONTROLLER_USB:
                return usb_controller(controller);
        case CONTROLLER_SCSI:
                return scsi_controller(controller);
        case CONTROLLER_VIRTIO_SERIAL:
                return virtio_serial_controller(controller);
        case CONTROLLER_SATA:
                return builder->q35 && number_or(controller->index, 0) == 0 ?
                        NULL /* the machine's own */
                        :
                        builder_device("ich9-ahci");
        case CONTROLLER_FDC:
                return builder->q35 ? builder_device("isa-fdc") : NULL;
        default:
                return NULL; /* the machine's own, or refused by qemu_command_check() */
        }
}

/* Bridges first, so that each bus is there when a device is put on it; a controller that shares its
 * index with companions comes before them. */
void command_add_controllers(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (int pass = 0; pass < 3; pass++)
                for (size_t i = 0; i < devices->n_controllers; i++) {
                        const Controller *controller = devices->controllers[i];
                        bool companion = controller->master.start_port.set;
                        json_t *device;

                        if (pass != (controller->type == CONTROLLER_PCI ? 0 : companion ? 2 : 1))
                                continue;
                        device = controller_device(builder, controller);
                        if (!device)
                                continue;
                        builder_place(builder, device, &controller->info, NULL);
                        if (companion) {
                                json_object_del(device, "id");
                                json_object_set_new(device, "masterbus",
                                        json_sprintf("%s.0", controller->info.alias.name));
                                json_set_number(device, "firstport", controller->master.start_port);
                        }
                        builder_add_json(builder, "-device", device);
                }
}

/* USB hubs, which others are plugged into. */
void command_add_hubs(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_hubs; i++) {
                json_t *device = builder_device("usb-hub");

                builder_place(builder, device, &devices->hubs[i]->info, NULL);
                builder_add_json(builder, "-device", device);
        }
}

/* Disks. */

/* What a cache mode means: whether the guest sees a write cache, whether the host's page cache is
 * used, whether flushes are passed on. */
static const struct {
        bool write_cache, direct, no_flush;
} cache_modes[DISK_CACHE_MAX] = {
        [DISK_CACHE_NONE] = { true, true, false },
        [DISK_CACHE_WRITETHROUGH] = { false, false, false },
        [DISK_CACHE_WRITEBACK] = { true, false, false },
        [DISK_CACHE_DIRECTSYNC] = { false, true, false },
        [DISK_CACHE_UNSAFE] = { true, false, true },
};

static bool has_cache_mode(const Disk *disk)
{
        return disk->driver.cache != DISK_CACHE_ABSENT && disk->driver.cache != DISK_CACHE_DEFAULT;
}

static void set_cache(json_t *node, const Disk *disk)
{
        if (has_cache_mode(disk))
                json_object_set_new(node, "cache",
                        json_pack("{s:b,s:b}", "direct", cache_modes[disk->driver.cache].direct,
                                "no-flush", cache_modes[disk->driver.cache].no_flush));
}

static bool is_read_only(const Disk *disk)
{
        return disk->readonly || disk->device == DISK_DEVICE_CDROM;
}

/* The two nodes of a disk: its file, and the format in it. */
static void add_block_nodes(Builder *builder, const Disk *disk)
{
        g_autofree char *format = alias_format_node(disk), *storage = alias_storage_node(disk);
        g_autofree char *path = builder_path(builder, QEMU_FD_DISK, disk, disk->source.path);
        const DiskDriver *driver = &disk->driver;
        bool unmap = driver->discard == DISK_DISCARD_UNMAP;
        json_t *node;

        node = json_pack("{s:s,s:s}", "driver", disk->type == DISK_BLOCK ? "host_device" : "file",
                "filename", path);
        if (driver->io != DISK_IO_ABSENT)
                json_set_text(node, "aio", enum_name(&disk_io_names, driver->io));
        json_set_text(node, "node-name", storage);
        set_cache(node, disk);
        builder_set_access(node, path, is_read_only(disk));
        json_set_text(node, "discard", "unmap");
        builder_add_json(builder, "-blockdev", node);

        node = json_pack("{s:s,s:b}", "node-name", format, "read-only", is_read_only(disk));
        if (driver->discard != DISK_DISCARD_ABSENT)
                json_set_text(node, "discard", enum_name(&disk_discard_names, driver->discard));
        if (driver->detect_zeroes != DETECT_ZEROES_ABSENT)
                /* To unmap what is zero needs the leave to unmap at all. */
                json_set_text(node, "detect-zeroes",
                        enum_name(&disk_detect_zeroes_names,
                                driver->detect_zeroes == DETECT_ZEROES_UNMAP && !unmap ?
                                        DETECT_ZEROES_ON :
                                        driver->detect_zeroes));
        set_cache(node, disk);
        json_set_text(node, "driver", driver->type == DISK_FORMAT_QCOW2 ? "qcow2" : "raw");
        json_set_text(node, "file", storage);
        builder_add_json(builder, "-blockdev", node);
}

static json_t *virtio_disk(const Disk *disk)
{
        g_autofree char *driver = builder_virtio("virtio-blk", disk->model);
        json_t *device = builder_device(driver);

        if (disk->driver.iothread.set)
                json_object_set_new(device, "iothread",
                        json_sprintf("iothread%u", (unsigned)disk->driver.iothread.value));
        json_set_bool(device, "ioeventfd", disk->driver.ioeventfd);
        json_set_bool(device, "event_idx", disk->driver.event_idx);
        json_set_number(device, "num-queues", disk->driver.queues);
        json_set_number(device, "queue-size", disk->driver.queue_size);
        json_set_virtio(device, &disk->driver.virtio);
        return device;
}

static json_t *scsi_disk(Builder *builder, const Disk *disk)
{
        const DriveAddress *address = &disk->info.address.drive;
        const Controller *controller =
                domain_config_controller(builder->config, CONTROLLER_SCSI, address->controller);
        const char *driver = scsi_controller_driver(controller ? controller->model : NULL);
        json_t *device = builder_device(disk->device == DISK_DEVICE_CDROM ? "scsi-cd" : "scsi-hd");

        json_object_set_new(device, "bus",
                json_sprintf("%s.0", controller ? controller->info.alias.name : "scsi0"));
        if (driver && is_virtio_scsi(driver)) {
                json_object_set_new(device, "channel", json_integer(address->bus));
                json_object_set_new(device, "scsi-id", json_integer(address->target));
                json_object_set_new(device, "lun", json_integer(address->unit));
        } else {
                json_object_set_new(device, "scsi-id", json_integer(address->unit));
        }
        json_object_set_new(device, "device_id", json_sprintf("drive-%s", disk->info.alias.name));
        return device;
}

/* On the machine's own controller the bus is ide.N; on another it is the controller's. A port of
 * SATA is a bus of its own, a channel of IDE has two units. */
static json_t *ata_disk(Builder *builder, const Disk *disk)
{
        const DriveAddress *address = &disk->info.address.drive;
        json_t *device = builder_device(disk->device == DISK_DEVICE_CDROM ? "ide-cd" : "ide-hd");

        if (disk->target.bus == DISK_BUS_SATA) {
                const Controller *controller = domain_config_controller(
                        builder->config, CONTROLLER_SATA, address->controller);

                json_object_set_new(device, "bus",
                        json_sprintf("%s.%u", controller ? controller->info.alias.name : "ide",
                                address->unit));
        } else {
                json_object_set_new(device, "bus", json_sprintf("ide.%u", address->bus));
                json_object_set_new(device, "unit", json_integer(address->unit));
        }
        return device;
}

static json_t *disk_device(Builder *builder, const Disk *disk)
{
        json_t *device;

        switch (disk->target.bus) {
        case DISK_BUS_VIRTIO:
                return virtio_disk(disk);
        case DISK_BUS_SCSI:
                return scsi_disk(builder, disk);
        case DISK_BUS_USB:
                device = builder_device("usb-storage");
                json_set_bool(device, "removable",
                        disk->target.removable == SWITCH_ABSENT ? SWITCH_OFF :
                                                                  disk->target.removable);
                return device;
        case DISK_BUS_FDC:
                device = builder_device("floppy");
                json_object_set_new(device, "unit", json_integer(disk->info.address.drive.unit));
                return device;
        default:
                return ata_disk(builder, disk);
        }
}

/* wwn is 16 digits of hexadecimal; QEMU takes a number. */
static void set_wwn(json_t *device, const char *wwn)
{
        if (wwn)
                json_object_set_new(
                        device, "wwn", json_integer((json_int_t)g_ascii_strtoull(wwn, NULL, 16)));
}

static void add_disk(Builder *builder, const Disk *disk)
{
        bool floppy = disk->target.bus == DISK_BUS_FDC;
        json_t *device;

        if (disk->source.path)
                add_block_nodes(builder, disk);
        device = disk_device(builder, disk);
        if (disk->source.path) {
                g_autofree char *node = alias_format_node(disk);

                json_set_text(device, "drive", node);
        }
        builder_place(builder, device, &disk->info, disk);
        if (has_cache_mode(disk) && !floppy && disk->device != DISK_DEVICE_CDROM)
                json_set_on_off(device, "write-cache",
                        switch_from(cache_modes[disk->driver.cache].write_cache));
        if (disk->shareable)
                json_set_bool(device, "share-rw", SWITCH_ON);
        json_set_text(device, "serial", disk->serial);
        set_wwn(device, disk->wwn);
        json_set_text(device, "vendor", disk->vendor);
        json_set_text(device, "product", disk->product);
        if (disk->target.rotation_rate.set)
                json_set_number(device, "rotation_rate", disk->target.rotation_rate);
        if (disk->driver.error_policy != DISK_ERROR_ABSENT)
                json_set_text(device, "werror",
                        disk->driver.error_policy == DISK_ERROR_ENOSPACE ?
                                "enospc" :
                                enum_name(&disk_error_names, disk->driver.error_policy));
        if (disk->driver.rerror_policy != DISK_ERROR_ABSENT)
                json_set_text(
                        device, "rerror", enum_name(&disk_error_names, disk->driver.rerror_policy));
        else if (disk->driver.error_policy != DISK_ERROR_ABSENT &&
                disk->driver.error_policy != DISK_ERROR_ENOSPACE)
                json_set_text(
                        device, "rerror", enum_name(&disk_error_names, disk->driver.error_policy));
        builder_add_json(builder, "-device", device);
}

void command_add_disks(Builder *builder)
{
        for (size_t i = 0; i < builder->config->devices.n_disks; i++)
                add_disk(builder, builder->config->devices.disks[i]);
}
