/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this driver cannot run yet, said by name before anything is started. */

#include <string.h>

#include "drivers/qemu/builder.h"

typedef struct Check {
        const DomainConfig *config;
        const QemuBinary *binary;
        const QemuMachine *machine;
        bool q35;
        GError **error;
} Check;

#define REFUSE(check, ...) error_set((check)->error, ERROR_CONFIG_UNSUPPORTED, __VA_ARGS__)

/* Elements and attributes of one that the model does not know and whose effect would be lost.
 * allowed, a list that ends with NULL, are those without effect on what is run. */
static int check_kept(Check *check, const Kept *kept, const char *what, const char *const *allowed)
{
        const char *at = kept->elements;

        /* Only the outermost elements: after each comes the next at depth 1, or nothing. */
        while (at && (at = strchr(at, '<'))) {
                g_autofree char *name = g_strndup(at + 1, strcspn(at + 1, " />\x01"));
                g_autofree char *end = NULL;
                const char *close = strchr(at, '>');

                if (!allowed || !g_strv_contains(allowed, name))
                        return REFUSE(
                                check, "the QEMU driver cannot run %s with <%s> yet", what, name);
                if (!close)
                        break;
                if (close[-1] != '/') {
                        end = g_strdup_printf("</%s>", name);
                        close = strstr(at, end);
                }
                at = close ? close + 1 : NULL;
        }
        return 0;
}

static int check_absent(Check *check, const void *element, const char *name)
{
        if (!element)
                return 0;
        return REFUSE(check, "the QEMU driver cannot run a guest with <%s> yet", name);
}

static int check_device(Check *check, const char *type, const char *what)
{
        if (!type)
                return REFUSE(check, "the QEMU driver cannot run %s yet", what);
        if (!qemu_binary_has_device(check->binary, type))
                return REFUSE(check, "%s needs the device '%s', which emulator '%s' does not have",
                        what, type, check->binary->path);
        return 0;
}

static int check_virtio(Check *check, const char *base, VirtioModel model, const char *what)
{
        g_autofree char *type = builder_virtio(base, model);

        return check_device(check, type, what);
}

static int check_info(Check *check, const DeviceInfo *info, const char *what)
{
        switch (info->address.type) {
        case ADDRESS_NONE:
        case ADDRESS_PCI:
        case ADDRESS_DRIVE:
        case ADDRESS_VIRTIO_SERIAL:
        case ADDRESS_USB:
        case ADDRESS_ISA:
                break;
        case ADDRESS_UNASSIGNED:
        default:
                return REFUSE(check, "the QEMU driver cannot run %s with an address of type '%s'",
                        what, enum_name(&address_type_names, info->address.type));
        }
        if (info->acpi)
                return REFUSE(check, "the QEMU driver cannot run %s with <acpi> yet", what);
        if (info->boot.loadparm)
                return REFUSE(check, "the QEMU driver cannot run %s with a loadparm", what);
        if (info->address.type == ADDRESS_PCI &&
                (info->address.pci.zpci.uid.set || info->address.pci.zpci.fid.set))
                return REFUSE(check, "the QEMU driver cannot run %s with a <zpci> address", what);
        return 0;
}

/* The machine. */

static int check_machine(Check *check)
{
        const DomainConfig *config = check->config;
        const char *machine = config->os.type.machine;
        QemuAccel accel = qemu_accel_of(config);
        const QemuAccelInfo *info = &check->binary->accels[accel];

        if (config->type != VIRT_QEMU && config->type != VIRT_KVM)
                return REFUSE(check, "the QEMU driver cannot run domains of type '%s'",
                        enum_name(&virt_type_names, config->type));
        if (g_strcmp0(config->os.type.name, "hvm") != 0)
                return REFUSE(check, "the QEMU driver cannot run a guest of os type '%s'",
                        config->os.type.name ? config->os.type.name : "");
        if (strcmp(check->binary->arch, "x86_64") != 0 && strcmp(check->binary->arch, "i686") != 0)
                return REFUSE(check, "the QEMU driver cannot run guests of architecture '%s' yet",
                        check->binary->arch);
        if (!info->there)
                return REFUSE(check, "domain type '%s' is not possible with emulator '%s': %s",
                        enum_name(&virt_type_names, config->type), check->binary->path,
                        info->why_not ? info->why_not : "it does not have it");
        check->machine = qemu_binary_machine(check->binary, machine);
        if (!check->machine)
                return REFUSE(check, "Emulator '%s' does not support machine type '%s'",
                        check->binary->path, machine ? machine : "");
        check->q35 = strstr(check->machine->name, "q35") != NULL;
        if (!check->q35 && !strstr(check->machine->name, "i440fx"))
                return REFUSE(check, "the QEMU driver cannot run machines of type '%s' yet",
                        check->machine->name);
        if (number_or(config->vcpu.count, 1) > check->machine->max_cpus)
                return REFUSE(check, "Maximum CPUs greater than specified machine type limit %u",
                        check->machine->max_cpus);
        return 0;
}

static int check_os(Check *check)
{
        const Os *os = &check->config->os;
        bool firmware_file = os->loader.path != NULL;

        if (check_kept(check, &os->kept, "an <os>", NULL) < 0 ||
                check_absent(check, os->acpi, "acpi") < 0 ||
                check_absent(check, os->init, "init") < 0)
                return -1;
        if (os->n_initargs || os->n_initenvs || os->initdir || os->inituser || os->initgroup)
                return REFUSE(check, "an init process is not there for a guest of os type 'hvm'");
        if (os->smbios.mode != SMBIOS_ABSENT && os->smbios.mode != SMBIOS_EMULATE)
                return REFUSE(check, "the QEMU driver cannot run a guest with smbios mode '%s' yet",
                        enum_name(&smbios_mode_names, os->smbios.mode));
        if (os->bios.use_serial == SWITCH_ON)
                return REFUSE(check,
                        "the QEMU driver cannot run a guest with <bios useserial='yes'> yet");
        if (os->nvram.type != DISK_ABSENT)
                return REFUSE(check,
                        "the QEMU driver cannot run a guest with NVRAM of type '%s' yet",
                        enum_name(&disk_type_names, os->nvram.type));
        if (firmware_file && os->loader.type == LOADER_NONE)
                return REFUSE(
                        check, "the QEMU driver cannot run a guest with a loader of type 'none'");
        if (os->loader.secure == SWITCH_ON && !check->q35)
                return REFUSE(check, "Secure boot is supported with q35 machine types only");
        return 0;
}

static int check_features(Check *check)
{
        const Features *features = &check->config->features;
        const struct {
                bool there;
                const char *name;
        } others[] = { { features->viridian, "viridian" },
                { features->capabilities != NULL, "capabilities" },
                { features->hpt != NULL, "hpt" }, { features->htm.state != SWITCH_ABSENT, "htm" },
                { features->nested_hv.state != SWITCH_ABSENT, "nested-hv" },
                { features->msrs_unknown != NULL, "msrs" },
                { features->ccf_assist.state != SWITCH_ABSENT, "ccf-assist" },
                { features->xen != NULL, "xen" }, { features->cfpc != NULL, "cfpc" },
                { features->sbbc != NULL, "sbbc" }, { features->ibs != NULL, "ibs" },
                { features->tcg != NULL, "tcg" },
                { features->async_teardown != SWITCH_ABSENT, "async-teardown" },
                { features->kvm.dirty_ring.state != SWITCH_ABSENT, "dirty-ring" } };
        bool tcg = qemu_accel_of(check->config) == QEMU_ACCEL_TCG;

        if (check_kept(check, &features->kept, "<features>", NULL) < 0 ||
                check_kept(check, &features->kvm.kept, "<kvm>", NULL) < 0 ||
                (features->smm && check_kept(check, &features->smm->kept, "<smm>", NULL) < 0) ||
                (features->hyperv &&
                        check_kept(check, &features->hyperv->kept, "<hyperv>", NULL) < 0))
                return -1;
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
                if (others[i].there)
                        return REFUSE(check,
                                "the QEMU driver cannot run a guest with the feature '%s' yet",
                                others[i].name);
        if (features->smm && features->smm->tseg.set)
                return REFUSE(check, "the QEMU driver cannot run a guest with <tseg> yet");
        if (features->hyperv && tcg)
                return REFUSE(check, "hyperv features are not supported for type 'qemu'");
        if (features->privnet || features->gic)
                return REFUSE(check, "the feature '%s' is not there for machines of type '%s'",
                        features->privnet ? "privnet" : "gic", check->machine->name);
        if (features->vmcoreinfo && features->vmcoreinfo->state != SWITCH_OFF &&
                check_device(check, "vmcoreinfo", "the feature 'vmcoreinfo'") < 0)
                return -1;
        return 0;
}

static int check_cpu(Check *check)
{
        const Cpu *cpu = &check->config->cpu;
        QemuAccel accel = qemu_accel_of(check->config);
        const char *model = cpu->model.name;

        if (check_kept(check, &cpu->kept, "a <cpu>", NULL) < 0 ||
                check_absent(check, cpu->cache, "cache") < 0 ||
                check_absent(check, cpu->maxphysaddr, "maxphysaddr") < 0)
                return -1;
        if (cpu->numa)
                return REFUSE(check, "the QEMU driver cannot run a guest with NUMA cells yet");
        if (cpu->mode == CPU_MODE_HOST_PASSTHROUGH && accel != QEMU_ACCEL_KVM)
                return REFUSE(check,
                        "CPU mode 'host-passthrough' for %s qemu domain on %s host is not supported by "
                        "hypervisor",
                        check->binary->arch, check->binary->arch);
        if (cpu->mode == CPU_MODE_HOST_PASSTHROUGH || cpu->mode == CPU_MODE_HOST_MODEL ||
                cpu->mode == CPU_MODE_MAXIMUM || !model)
                return 0;
        if (cpu->match == CPU_MATCH_MINIMUM)
                return REFUSE(
                        check, "the QEMU driver cannot run a guest with cpu match='minimum' yet");
        if (!qemu_binary_cpu(check->binary, accel, model))
                return REFUSE(check, "CPU model %s is not supported by hypervisor", model);
        return 0;
}

static int check_clock(Check *check)
{
        const Clock *clock = &check->config->clock;

        if (clock->offset == CLOCK_TIMEZONE && !clock->timezone)
                return REFUSE(check, "clock offset 'timezone' needs a timezone");
        for (size_t i = 0; i < clock->n_timers; i++) {
                const Timer *timer = clock->timers[i];
                const char *name = enum_name(&timer_names, timer->name);

                if (timer->name == TIMER_PLATFORM || timer->name == TIMER_ARMVTIMER)
                        return REFUSE(check, "unsupported timer type (name) '%s'", name);
                if (timer->catchup.threshold.set || timer->catchup.slew.set ||
                        timer->catchup.limit.set)
                        return REFUSE(check,
                                "the QEMU driver cannot run a timer '%s' with <catchup> yet", name);
                if ((timer->name == TIMER_RTC || timer->name == TIMER_PIT) &&
                        timer->tickpolicy == TICK_MERGE)
                        return REFUSE(check, "unsupported %s timer tickpolicy '%s'", name,
                                enum_name(&timer_tickpolicy_names, timer->tickpolicy));
                if (timer->name == TIMER_PIT && timer->tickpolicy == TICK_CATCHUP)
                        return REFUSE(check, "unsupported pit timer tickpolicy 'catchup'");
                if (timer->name == TIMER_RTC && timer->tickpolicy == TICK_DISCARD)
                        return REFUSE(check, "unsupported rtc timer tickpolicy 'discard'");
        }
        return 0;
}

static int check_domain(Check *check)
{
        const DomainConfig *config = check->config;
        const struct {
                const void *element;
                const char *name;
        } elements[] = { { config->blkiotune, "blkiotune" }, { config->memtune, "memtune" },
                { config->memory_backing, "memoryBacking" }, { config->vcpus, "vcpus" },
                { config->iothreadids, "iothreadids" }, { config->cputune, "cputune" },
                { config->numatune, "numatune" }, { config->sysinfos, "sysinfo" },
                { config->bootloader, "bootloader" }, { config->idmap, "idmap" },
                { config->default_iothread, "defaultiothread" }, { config->perf, "perf" },
                { config->launch_security, "launchSecurity" } };

        if (check_kept(check, &config->kept, "a guest", NULL) < 0)
                return -1;
        for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
                if (check_absent(check, elements[i].element, elements[i].name) < 0)
                        return -1;
        if (config->max_memory.kib.set)
                return REFUSE(check, "the QEMU driver cannot run a guest with <maxMemory> yet");
        if (config->vcpu.cpuset || config->vcpu.placement == VCPU_PLACEMENT_AUTO)
                return REFUSE(
                        check, "the QEMU driver cannot pin the virtual processors of a guest yet");
        if (config->genid && check_device(check, "vmgenid", "<genid>") < 0)
                return -1;
        return 0;
}

/* Devices. */

static int check_disk(Check *check, const Disk *disk)
{
        g_autofree char *what =
                g_strdup_printf("disk '%s'", disk->target.dev ? disk->target.dev : "");
        const struct {
                const void *element;
                const char *name;
        } elements[] = { { disk->mirror, "mirror" }, { disk->geometry, "geometry" },
                { disk->blockio, "blockio" }, { disk->iotune, "iotune" },
                { disk->transient, "transient" }, { disk->auth, "auth" },
                { disk->encryption, "encryption" }, { disk->sgio, "sgio" },
                { disk->driver.metadata_cache, "metadata_cache" },
                { disk->source.encryption, "encryption" },
                { disk->source.reservations, "reservations" }, { disk->source.slices, "slices" },
                { disk->source.fdgroup, "fdgroup" } };

        if (disk->type != DISK_FILE && disk->type != DISK_BLOCK)
                return REFUSE(check, "the QEMU driver cannot run %s of type '%s' yet", what,
                        enum_name(&disk_type_names, disk->type));
        if (disk->device == DISK_DEVICE_LUN)
                return REFUSE(check, "the QEMU driver cannot run %s of kind 'lun' yet", what);
        for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
                if (elements[i].element)
                        return REFUSE(check, "the QEMU driver cannot run %s with <%s> yet", what,
                                elements[i].name);
        if (check_kept(check, &disk->kept, what, NULL) < 0 ||
                check_kept(check, &disk->driver.kept, what, NULL) < 0 ||
                check_kept(check, &disk->source.kept, what, NULL) < 0 ||
                check_info(check, &disk->info, what) < 0)
                return -1;
        if (disk->driver.name && strcmp(disk->driver.name, "qemu") != 0)
                return REFUSE(
                        check, "unsupported driver name '%s' for %s", disk->driver.name, what);
        if (disk->driver.type != DISK_FORMAT_ABSENT && disk->driver.type != DISK_FORMAT_RAW &&
                disk->driver.type != DISK_FORMAT_QCOW2)
                return REFUSE(check, "the QEMU driver cannot run %s of format '%s' yet", what,
                        enum_name(&disk_format_names, disk->driver.type));
        if (disk->driver.copy_on_read == SWITCH_ON)
                return REFUSE(check, "the QEMU driver cannot run %s with copy_on_read yet", what);
        if (!disk->source.path && disk->device != DISK_DEVICE_CDROM &&
                disk->device != DISK_DEVICE_FLOPPY)
                return REFUSE(check, "%s has no source", what);
        if (disk->driver.iothread.set &&
                (disk->target.bus != DISK_BUS_VIRTIO || disk->driver.iothread.value < 1 ||
                        disk->driver.iothread.value > number_or(check->config->iothreads, 0)))
                return REFUSE(check, "%s cannot have iothread %" G_GINT64_FORMAT, what,
                        disk->driver.iothread.value);

        switch (disk->target.bus) {
        case DISK_BUS_VIRTIO:
                if (disk->device != DISK_DEVICE_DISK)
                        return REFUSE(check, "disk type of '%s' does not support ejectable media",
                                disk->target.dev);
                return check_virtio(check, "virtio-blk", disk->model, what);
        case DISK_BUS_IDE:
                if (check->q35)
                        return REFUSE(check,
                                "IDE controllers are unsupported for this QEMU binary or "
                                "machine type");
                G_GNUC_FALLTHROUGH;
        case DISK_BUS_SATA:
                if (disk->readonly && disk->device == DISK_DEVICE_DISK)
                        return REFUSE(check, "readonly %s disks are not supported",
                                enum_name(&disk_bus_names, disk->target.bus));
                return check_device(check, "ide-hd", what);
        case DISK_BUS_SCSI:
                return check_device(check, "scsi-hd", what);
        case DISK_BUS_USB:
                if (!disk->source.path)
                        return REFUSE(check,
                                "the QEMU driver cannot run %s on usb without a source yet", what);
                return check_device(check, "usb-storage", what);
        case DISK_BUS_FDC:
                return check_device(check, "floppy", what);
        default:
                return REFUSE(check, "the QEMU driver cannot run %s on the bus '%s' yet", what,
                        enum_name(&disk_bus_names, disk->target.bus));
        }
}

static int check_controller(Check *check, const Controller *controller)
{
        const char *type = enum_name(&controller_type_names, controller->type);
        const char *model = controller->model;
        int64_t index = number_or(controller->index, 0);
        g_autofree char *what = g_strdup_printf("controller '%s' %" G_GINT64_FORMAT "%s%s", type,
                index, model ? " of model " : "", model ? model : "");

        if (check_kept(check, &controller->kept, what, NULL) < 0 ||
                check_kept(check, &controller->target.kept, what, NULL) < 0 ||
                check_info(check, &controller->info, what) < 0)
                return -1;
        if (controller->pcihole64.set || controller->target.node.set)
                return REFUSE(check, "the QEMU driver cannot run %s with <%s> yet", what,
                        controller->pcihole64.set ? "pcihole64" : "node");
        switch (controller->type) {
        case CONTROLLER_PCI:
                return index == 0 ?
                        0 :
                        check_device(check,
                                controller->pci_model.name ? controller->pci_model.name :
                                                             pci_controller_driver(model),
                                what);
        case CONTROLLER_USB:
                return g_strcmp0(model, "none") == 0 ?
                        0 :
                        check_device(check, usb_controller_driver(model), what);
        case CONTROLLER_SCSI:
                if (controller->driver.iothread.set &&
                        controller->driver.iothread.value > number_or(check->config->iothreads, 0))
                        return REFUSE(check, "%s cannot have iothread %" G_GINT64_FORMAT, what,
                                controller->driver.iothread.value);
                return check_device(check, scsi_controller_driver(model), what);
        case CONTROLLER_VIRTIO_SERIAL:
                return check_device(check, "virtio-serial-pci", what);
        case CONTROLLER_SATA:
                return check_device(check, "ich9-ahci", what);
        case CONTROLLER_IDE:
                if (check->q35 || index > 0)
                        return REFUSE(check,
                                "IDE controllers are unsupported for this QEMU binary or "
                                "machine type");
                return 0;
        case CONTROLLER_FDC:
                if (index > 0)
                        return REFUSE(check, "Only a single fdc controller is supported");
                return 0;
        case CONTROLLER_ISA:
                return 0;
        default:
                return REFUSE(
                        check, "the QEMU driver cannot run a controller of kind '%s' yet", type);
        }
}

static int check_interface(Check *check, const InterfaceDevice *interface)
{
        const char *mac = interface->mac.address;
        g_autofree char *what = g_strdup_printf("interface '%s'", mac ? mac : "");
        const char *model = interface->model.type ? interface->model.type : "rtl8139";
        const struct {
                const void *element;
                const char *name;
        } elements[] = { { interface->backend, "backend" }, { interface->filterref, "filterref" },
                { interface->bandwidth, "bandwidth" }, { interface->vlan, "vlan" },
                { interface->ips, "ip" }, { interface->routes, "route" },
                { interface->port_forwards, "portForward" }, { interface->tune, "tune" },
                { interface->teaming, "teaming" }, { interface->backend_domain, "backenddomain" },
                { interface->source.ips, "ip" }, { interface->source.routes, "route" },
                { interface->driver.host, "host" }, { interface->driver.guest, "guest" } };

        switch (interface->type) {
        case INTERFACE_USER:
        case INTERFACE_BRIDGE:
        case INTERFACE_ETHERNET:
        case INTERFACE_NETWORK:
                break;
        default:
                return REFUSE(check, "the QEMU driver cannot run an interface of type '%s' yet",
                        enum_name(&interface_type_names, interface->type));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
                if (elements[i].element)
                        return REFUSE(check, "the QEMU driver cannot run %s with <%s> yet", what,
                                elements[i].name);
        if (interface->isolated == SWITCH_ON)
                return REFUSE(
                        check, "the QEMU driver cannot run %s with an isolated port yet", what);
        if (interface->driver.rss != SWITCH_ABSENT ||
                interface->driver.rss_hash_report != SWITCH_ABSENT)
                return REFUSE(check, "the QEMU driver cannot run %s with rss yet", what);
        if (check_kept(check, &interface->kept, what, NULL) < 0 ||
                check_kept(check, &interface->driver.kept, what, NULL) < 0 ||
                check_info(check, &interface->info, what) < 0)
                return -1;
        if (interface->script.path && interface->type == INTERFACE_USER)
                return REFUSE(check, "scripts are not supported on interfaces of type user");
        if (strcmp(model, "virtio") == 0)
                return check_virtio(check, "virtio-net", VIRTIO_PLAIN, what);
        if (strcmp(model, "virtio-transitional") == 0)
                return check_virtio(check, "virtio-net", VIRTIO_TRANSITIONAL, what);
        if (strcmp(model, "virtio-non-transitional") == 0)
                return check_virtio(check, "virtio-net", VIRTIO_NON_TRANSITIONAL, what);
        return check_device(check, model, what);
}

static int check_chardev(Check *check, const Chardev *chardev, const char *kind)
{
        static const char *const allowed[] = { "seclabel", NULL };
        const char *type = enum_name(&chardev_type_names, chardev->type);
        g_autofree char *what = g_strdup_printf("a %s of type '%s'", kind, type);
        Switch reconnect = SWITCH_ABSENT;

        switch (chardev->type) {
        case CHARDEV_NULL:
        case CHARDEV_PTY:
                break;
        case CHARDEV_FILE:
        case CHARDEV_DEV:
        case CHARDEV_PIPE:
                if (!chardev->path.path)
                        return REFUSE(check, "%s has no path", what);
                break;
        case CHARDEV_UNIX:
                if (!chardev->unix_.path && strcmp(kind, "channel") != 0)
                        return REFUSE(check, "%s has no path", what);
                break;
        case CHARDEV_TCP:
                if (chardev->tcp.source.tls == SWITCH_ON ||
                        (chardev->tcp.protocol.type != PROTOCOL_ABSENT &&
                                chardev->tcp.protocol.type != PROTOCOL_RAW &&
                                chardev->tcp.protocol.type != PROTOCOL_TELNET))
                        return REFUSE(check, "the QEMU driver cannot run %s with TLS yet", what);
                break;
        default:
                return REFUSE(check, "the QEMU driver cannot run %s yet", what);
        }
        if (chardev->type == CHARDEV_UNIX)
                reconnect = chardev->unix_.reconnect.enabled;
        else if (chardev->type == CHARDEV_TCP)
                reconnect = chardev->tcp.source.reconnect.enabled;
        if (reconnect == SWITCH_ON)
                return REFUSE(check, "the QEMU driver cannot run %s with <reconnect> yet", what);
        if (check_kept(check, &chardev->kept, what, allowed) < 0 ||
                check_kept(check, &chardev->target.kept, what, NULL) < 0 ||
                check_info(check, &chardev->info, what) < 0)
                return -1;
        switch (chardev->target.type) {
        case TARGET_ABSENT:
        case TARGET_ISA_SERIAL:
        case TARGET_USB_SERIAL:
        case TARGET_PCI_SERIAL:
        case TARGET_ISA_DEBUG:
        case TARGET_SERIAL:
        case TARGET_VIRTIO:
                return 0;
        default:
                return REFUSE(check,
                        "the QEMU driver cannot run a %s with a target of type '%s' yet", kind,
                        enum_name(&chardev_target_names, chardev->target.type));
        }
}

static int check_chardevs(Check *check)
{
        const Devices *devices = &check->config->devices;

        for (size_t i = 0; i < devices->n_serials; i++)
                if (check_chardev(check, devices->serials[i], "serial port") < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_parallels; i++)
                if (check_chardev(check, devices->parallels[i], "parallel port") < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_channels; i++) {
                if (devices->channels[i]->target.type != TARGET_VIRTIO)
                        return REFUSE(check,
                                "the QEMU driver cannot run a channel of target type '%s' yet",
                                enum_name(
                                        &chardev_target_names, devices->channels[i]->target.type));
                if (check_chardev(check, devices->channels[i], "channel") < 0)
                        return -1;
        }
        for (size_t i = 0; i < devices->n_consoles; i++) {
                const Chardev *console = devices->consoles[i];

                /* A console of type serial is the first serial port, seen again. */
                if (console->target.type != TARGET_VIRTIO && (i > 0 || devices->n_serials == 0))
                        return REFUSE(check,
                                "the QEMU driver cannot run a console without its serial port");
                if (check_chardev(check, console, "console") < 0)
                        return -1;
        }
        return 0;
}

static int check_graphics(Check *check, const Graphics *graphics)
{
        const VncGraphics *vnc = &graphics->vnc;

        if (graphics->type != GRAPHICS_VNC)
                return REFUSE(check, "the QEMU driver cannot run graphics of type '%s' yet",
                        enum_name(&graphics_type_names, graphics->type));
        if (!qemu_binary_has_command(check->binary, "query-vnc"))
                return REFUSE(check, "emulator '%s' is built without VNC", check->binary->path);
        if (check_kept(check, &graphics->kept, "graphics of type 'vnc'", NULL) < 0)
                return -1;
        if (graphics->audio.set)
                return REFUSE(check,
                        "the QEMU driver cannot run graphics of type 'vnc' with <audio> yet");
        if (graphics->n_listens > 1)
                return REFUSE(check, "the QEMU driver cannot run VNC on more than one address yet");
        if (vnc->port.set && vnc->port.value >= 0 && vnc->port.value < 5900)
                return REFUSE(check, "vnc port must be in range [5900,65535]");
        return 0;
}

static int check_video(Check *check, const Video *video)
{
        static const char *const drivers[VIDEO_MAX] = { [VIDEO_VGA] = "VGA",
                [VIDEO_CIRRUS] = "cirrus-vga",
                [VIDEO_VMVGA] = "vmware-svga",
                [VIDEO_QXL] = "qxl-vga",
                [VIDEO_VIRTIO] = "virtio-gpu-pci",
                [VIDEO_BOCHS] = "bochs-display",
                [VIDEO_RAMFB] = "ramfb" };
        g_autofree char *what = g_strdup_printf("video of model '%s'",
                video->model.type == VIDEO_ABSENT ?
                        "" :
                        enum_name(&video_type_names, video->model.type));

        if (video->model.type == VIDEO_NONE)
                return 0;
        if (video->model.acceleration.accel3d == SWITCH_ON)
                return REFUSE(
                        check, "the QEMU driver cannot run %s with 3D acceleration yet", what);
        if (video->driver.name && strcmp(video->driver.name, "qemu") != 0)
                return REFUSE(check, "the QEMU driver cannot run %s with driver '%s' yet", what,
                        video->driver.name);
        if (check_kept(check, &video->kept, what, NULL) < 0 ||
                check_info(check, &video->info, what) < 0)
                return -1;
        return check_device(check, drivers[video->model.type], what);
}

static int check_input(Check *check, const Input *input)
{
        g_autofree char *what =
                g_strdup_printf("input of type '%s'", enum_name(&input_type_names, input->type));

        if (input->type != INPUT_MOUSE && input->type != INPUT_TABLET &&
                input->type != INPUT_KEYBOARD)
                return REFUSE(check, "the QEMU driver cannot run %s yet", what);
        if (check_kept(check, &input->kept, what, NULL) < 0 ||
                check_info(check, &input->info, what) < 0)
                return -1;
        switch (input->bus) {
        case INPUT_BUS_PS2:
                if (input->type == INPUT_TABLET)
                        return REFUSE(check, "ps2 bus does not support tablet input device");
                return 0;
        case INPUT_BUS_ABSENT:
        case INPUT_BUS_USB:
                return check_device(check, "usb-tablet", what);
        case INPUT_BUS_VIRTIO:
                return check_virtio(check, "virtio-tablet", VIRTIO_PLAIN, what);
        default:
                return REFUSE(check, "the QEMU driver cannot run %s on the bus '%s' yet", what,
                        enum_name(&input_bus_names, input->bus));
        }
}

static int check_sound(Check *check, const Sound *sound)
{
        g_autofree char *what = g_strdup_printf("sound of model '%s'",
                sound->model == SOUND_ABSENT ? "" : enum_name(&sound_model_names, sound->model));

        if (check_kept(check, &sound->kept, what, NULL) < 0 ||
                check_info(check, &sound->info, what) < 0)
                return -1;
        return check_device(check, sound_driver(sound->model), what);
}

static int check_watchdog(Check *check, const Watchdog *watchdog)
{
        const char *model = enum_name(&watchdog_model_names, watchdog->model);
        g_autofree char *what = g_strdup_printf("watchdog of model '%s'", model ? model : "");

        if (watchdog->action == WATCHDOG_DUMP)
                return REFUSE(
                        check, "the QEMU driver cannot run a watchdog with action 'dump' yet");
        if (check_info(check, &watchdog->info, what) < 0)
                return -1;
        if (watchdog->model == WATCHDOG_ITCO && check->q35)
                return 0;
        if (watchdog->model == WATCHDOG_ITCO || watchdog->model == WATCHDOG_DIAG288)
                return REFUSE(check, "%s is not supported by this machine type", what);
        return check_device(check, model, what);
}

static int check_rng(Check *check, const Rng *rng)
{
        if (rng->backend.model != RNG_RANDOM && rng->backend.model != RNG_BUILTIN)
                return REFUSE(check, "the QEMU driver cannot run an rng with the backend '%s' yet",
                        rng->backend.model == RNG_ABSENT ?
                                "" :
                                enum_name(&rng_backend_names, rng->backend.model));
        if (check_kept(check, &rng->kept, "an rng", NULL) < 0 ||
                check_info(check, &rng->info, "an rng") < 0)
                return -1;
        return check_virtio(check, "virtio-rng", rng->model, "an rng");
}

static int check_memballoon(Check *check, const Memballoon *balloon)
{
        if (!balloon || balloon->model == MEMBALLOON_NONE)
                return 0;
        if (balloon->model == MEMBALLOON_XEN)
                return REFUSE(check, "the QEMU driver cannot run a memballoon of model 'xen'");
        if (check_kept(check, &balloon->kept, "a memballoon", NULL) < 0)
                return -1;
        return check_device(check, "virtio-balloon-pci", "a memballoon");
}

static int check_panic(Check *check, const Panic *panic)
{
        if (panic->model && strcmp(panic->model, "isa") != 0)
                return REFUSE(check, "the QEMU driver cannot run a panic device of model '%s' yet",
                        panic->model);
        if (check_kept(check, &panic->kept, "a panic device", NULL) < 0)
                return -1;
        return check_device(check, "pvpanic", "a panic device");
}

static int check_hub(Check *check, const Hub *hub)
{
        if (check_kept(check, &hub->kept, "a hub", NULL) < 0 ||
                check_info(check, &hub->info, "a hub") < 0)
                return -1;
        return check_device(check, "usb-hub", "a hub");
}

/* The kinds that are not there yet, and those that the model does not know. */
static int check_others(Check *check)
{
        const Devices *devices = &check->config->devices;
        const struct {
                const void *device;
                const char *name;
        } kinds[] = { { devices->leases, "lease" }, { devices->filesystems, "filesystem" },
                { devices->smartcards, "smartcard" }, { devices->tpms, "tpm" },
                { devices->hostdevs, "hostdev" }, { devices->redirdevs, "redirdev" },
                { devices->redirfilter, "redirfilter" }, { devices->nvram, "nvram" },
                { devices->shmems, "shmem" }, { devices->memories, "memory" },
                { devices->iommu, "iommu" }, { devices->vsock, "vsock" },
                { devices->cryptos, "crypto" } };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (kinds[i].device)
                        return REFUSE(check, "the QEMU driver cannot run a device of kind '%s' yet",
                                kinds[i].name);
        for (size_t i = 0; i < devices->n_others; i++)
                return REFUSE(check, "the QEMU driver cannot run a device of kind '%s' yet",
                        devices->others[i]->name);
        for (size_t i = 0; i < devices->n_audios; i++)
                if (devices->audios[i]->type != AUDIO_NONE)
                        return REFUSE(check, "the QEMU driver cannot run audio of type '%s' yet",
                                enum_name(&audio_type_names, devices->audios[i]->type));
        for (size_t i = 0; i < devices->n_panics; i++)
                if (check_panic(check, devices->panics[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_hubs; i++)
                if (check_hub(check, devices->hubs[i]) < 0)
                        return -1;
        return 0;
}

static int check_devices(Check *check)
{
        const Devices *devices = &check->config->devices;

        if (check_others(check) < 0)
                return -1;
        for (size_t i = 0; i < devices->n_controllers; i++)
                if (check_controller(check, devices->controllers[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_disks; i++)
                if (check_disk(check, devices->disks[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_interfaces; i++)
                if (check_interface(check, devices->interfaces[i]) < 0)
                        return -1;
        if (check_chardevs(check) < 0)
                return -1;
        for (size_t i = 0; i < devices->n_graphics; i++)
                if (check_graphics(check, devices->graphics[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_videos; i++)
                if (check_video(check, devices->videos[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_inputs; i++)
                if (check_input(check, devices->inputs[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_sounds; i++)
                if (check_sound(check, devices->sounds[i]) < 0)
                        return -1;
        if (devices->n_watchdogs > 1)
                return REFUSE(check, "the QEMU driver cannot run more than one watchdog yet");
        for (size_t i = 0; i < devices->n_watchdogs; i++)
                if (check_watchdog(check, devices->watchdogs[i]) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_rngs; i++)
                if (check_rng(check, devices->rngs[i]) < 0)
                        return -1;
        return check_memballoon(check, devices->memballoon);
}

int qemu_command_check(const DomainConfig *config, const QemuBinary *binary, GError **error)
{
        Check check = { .config = config, .binary = binary, .error = error };

        if (check_machine(&check) < 0 || check_domain(&check) < 0 || check_os(&check) < 0 ||
                check_features(&check) < 0 || check_cpu(&check) < 0 || check_clock(&check) < 0 ||
                check_devices(&check) < 0)
                return -1;
        return 0;
}
