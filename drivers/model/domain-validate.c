/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/domain-tables.h"

/* What contradicts itself. Each rule is one function and one message; the messages that clients
 * know are libvirt's. */

/* ---- the machine ---------------------------------------------------------------------------- */

static int validate_texts(const DomainConfig *config, GError **error)
{
        if (config->title && strchr(config->title, '\n'))
                return error_set(error, ERROR_XML_ERROR, "Domain title can't contain newlines");
        return 0;
}

static int validate_memory(const DomainConfig *config, GError **error)
{
        if (config->max_memory.kib.set && config->max_memory.kib.value < config->memory.kib.value)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Domain memory of %" G_GINT64_FORMAT " KiB is larger than the maxMemory of "
                        "%" G_GINT64_FORMAT " KiB",
                        config->memory.kib.value, config->max_memory.kib.value);
        if (config->max_memory.kib.set && !config->max_memory.slots.set)
                return error_set(error, ERROR_XML_ERROR,
                        "both maximum memory size and memory slot count "
                        "must be specified");
        return 0;
}

static int validate_vcpus(const DomainConfig *config, GError **error)
{
        const CpuTopology *topology = &config->cpu.topology;
        int64_t n = config->vcpu.count.value, product;

        if (number_or(config->vcpu.current, n) > n)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "maximum vCPU count must not be less than current vCPU count");
        if (!topology->sockets.set)
                return 0;
        product = topology->sockets.value * number_or(topology->dies, 1) * topology->cores.value;
        if (product > UINT16_MAX || product * topology->threads.value != n)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "CPU topology doesn't match maximum vcpu "
                        "count: %" G_GINT64_FORMAT " sockets, %" G_GINT64_FORMAT " dies, "
                        "%" G_GINT64_FORMAT " cores, %" G_GINT64_FORMAT
                        " threads are not %" G_GINT64_FORMAT " vCPUs",
                        topology->sockets.value, number_or(topology->dies, 1),
                        topology->cores.value, topology->threads.value, n);
        return 0;
}

static int validate_cpu(const DomainConfig *config, GError **error)
{
        const Cpu *cpu = &config->cpu;
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

        if (cpu->mode == CPU_MODE_CUSTOM && !cpu->model.name && (cpu->n_features || cpu->vendor))
                return error_set(error, ERROR_XML_ERROR,
                        "Non-empty feature list specified without CPU model");
        for (size_t i = 0; i < cpu->n_features; i++)
                if (!g_hash_table_add(names, cpu->features[i]->name))
                        return error_set(error, ERROR_XML_ERROR,
                                "CPU feature '%s' specified more than once",
                                cpu->features[i]->name);
        return 0;
}

static int validate_os(const DomainConfig *config, GError **error)
{
        const Os *os = &config->os;

        if (os->loader.type == LOADER_ROM && os->nvram.path)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "NVRAM is not permitted with a loader of type 'rom'");
        if (!os->kernel && (os->initrd || os->cmdline) && os->type.name &&
                strcmp(os->type.name, "hvm") == 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "an initrd or a command line of the kernel needs a <kernel>");
        return 0;
}

static int validate_clock(const DomainConfig *config, GError **error)
{
        const Clock *clock = &config->clock;
        unsigned seen = 0;

        if (clock->offset == CLOCK_TIMEZONE && !clock->timezone)
                return error_set(error, ERROR_XML_ERROR,
                        "missing 'timezone' attribute for clock with "
                        "offset='timezone'");
        if (clock->offset == CLOCK_ABSOLUTE && !clock->start.set)
                return error_set(error, ERROR_XML_ERROR,
                        "missing 'start' attribute for clock with "
                        "offset='absolute'");
        if (clock->adjustment && strcmp(clock->adjustment, "reset") != 0) {
                char *end;

                g_ascii_strtoll(clock->adjustment, &end, 10);
                if (end == clock->adjustment || *end)
                        return error_set(error, ERROR_XML_ERROR, "unknown clock adjustment '%s'",
                                clock->adjustment);
        }
        for (size_t i = 0; i < clock->n_timers; i++) {
                if (seen & 1u << clock->timers[i]->name)
                        return error_set(error, ERROR_XML_ERROR,
                                "timer '%s' is there more than once",
                                timer_names.names[clock->timers[i]->name]);
                seen |= 1u << clock->timers[i]->name;
        }
        return 0;
}

static int validate_lifecycle(const DomainConfig *config, GError **error)
{
        const struct {
                const char *name;
                LifecycleAction action;
        } actions[] = { { "on_poweroff", config->on_poweroff },
                { "on_reboot", config->on_reboot } };

        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
                if (actions[i].action >= LIFECYCLE_COREDUMP_DESTROY)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED, "unknown %s action: %s",
                                actions[i].name, lifecycle_names.names[actions[i].action]);
        return 0;
}

/* ---- devices -------------------------------------------------------------------------------- */

typedef struct Boot {
        GHashTable *orders;
        bool os_boot;
        GError **error;
} Boot;

static int boot_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        Boot *boot = data;
        const char *other;

        if (!info->boot.order.set || strcmp(kind, "console") == 0)
                return 0;
        if (boot->os_boot)
                return error_set(boot->error, ERROR_CONFIG_UNSUPPORTED,
                        "per-device boot elements cannot be used together with os/boot elements");
        other = g_hash_table_lookup(boot->orders, &info->boot.order.value);
        if (other) {
                g_autofree char *name = device_describe(kind, device);

                return error_set(boot->error, ERROR_CONFIG_UNSUPPORTED,
                        "boot order '%" G_GINT64_FORMAT
                        "' used for more than one device: %s and %s",
                        info->boot.order.value, other, name);
        }
        g_hash_table_insert(boot->orders, &info->boot.order.value, device_describe(kind, device));
        return 0;
}

static int validate_boot(const DomainConfig *config, GError **error)
{
        g_autoptr(GHashTable) orders =
                g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
        Boot boot = { .orders = orders, .os_boot = config->os.n_boots > 0, .error = error };

        return domain_config_each_device(config, boot_visit, &boot) != 0 ? -1 : 0;
}

typedef struct Names {
        GHashTable *seen;
        GError **error;
} Names;

static int alias_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        Names *names = data;

        (void)device;
        /* Those of drivers may be shared: a console has that of its serial port, a companion that
         * of its USB controller. */
        if (!alias_is_user(&info->alias) || strcmp(kind, "console") == 0)
                return 0;
        if (!g_hash_table_add(names->seen, info->alias.name))
                return error_set(names->error, ERROR_CONFIG_UNSUPPORTED,
                        "non unique alias detected: %s", info->alias.name);
        return 0;
}

static int validate_aliases(const DomainConfig *config, GError **error)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        Names names = { .seen = seen, .error = error };

        return domain_config_each_device(config, alias_visit, &names) != 0 ? -1 : 0;
}

static int validate_disk(const Disk *disk, GError **error)
{
        bool removable = disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY;
        bool path = disk->type == DISK_FILE || disk->type == DISK_BLOCK || disk->type == DISK_DIR;

        if (path && !removable && (!disk->source.path || !disk->source.path[0]))
                return error_set(error, ERROR_NO_SOURCE, "%s", disk->target.dev);
        if (disk->device == DISK_DEVICE_FLOPPY && disk->target.bus != DISK_BUS_FDC)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Invalid bus type '%s' for floppy disk",
                        disk_bus_names.names[disk->target.bus]);
        if (disk->device != DISK_DEVICE_FLOPPY && disk->target.bus == DISK_BUS_FDC)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "Invalid bus type '%s' for disk",
                        disk_bus_names.names[disk->target.bus]);
        if (disk->device == DISK_DEVICE_CDROM && disk->target.bus == DISK_BUS_VIRTIO)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "disk type '%s' of '%s' does not support ejectable media", "virtio",
                        disk->target.dev);
        if (disk->model != VIRTIO_ABSENT && disk->target.bus != DISK_BUS_VIRTIO)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "disk model '%s' not supported for bus '%s'",
                        virtio_model_names.names[disk->model],
                        disk_bus_names.names[disk->target.bus]);
        if (disk->target.tray != DISK_TRAY_ABSENT && !removable)
                return error_set(
                        error, ERROR_CONFIG_UNSUPPORTED, "tray is only valid for cdrom and floppy");
        if (disk->driver.copy_on_read == SWITCH_ON && disk->readonly)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "copy_on_read is not compatible with read-only disk '%s'",
                        disk->target.dev);
        return 0;
}

static int validate_disks(const DomainConfig *config, GError **error)
{
        const Devices *devices = &config->devices;
        g_autoptr(GHashTable) targets = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (size_t i = 0; i < devices->n_disks; i++) {
                const Disk *disk = devices->disks[i], *other;
                const DriveAddress *drive = &disk->info.address.drive;
                g_autofree char *place = NULL;

                if (validate_disk(disk, error) < 0)
                        return -1;
                other = g_hash_table_lookup(targets, disk->target.dev);
                if (other)
                        return error_set(error, ERROR_XML_ERROR,
                                "target '%s' duplicated for disk sources '%s' and '%s'",
                                disk->target.dev, other->source.path ?: "",
                                disk->source.path ?: "");
                g_hash_table_insert(targets, disk->target.dev, (void *)disk);

                if (disk->info.address.type != ADDRESS_DRIVE)
                        continue;
                place = g_strdup_printf("%d:%u:%u:%u:%u", disk->target.bus, drive->controller,
                        drive->bus, drive->target, drive->unit);
                other = g_hash_table_lookup(places, place);
                if (other)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "Found duplicate drive address for disk with target name '%s' "
                                "controller='%u' bus='%u' target='%u' unit='%u': it is that of '%s'",
                                disk->target.dev, drive->controller, drive->bus, drive->target,
                                drive->unit, other->target.dev);
                g_hash_table_insert(places, g_steal_pointer(&place), (void *)disk);
        }
        return 0;
}

static int validate_controllers(const DomainConfig *config, GError **error)
{
        const Devices *devices = &config->devices;
        g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
        g_autofree gint64 *keys = g_new(gint64, devices->n_controllers + 1);

        for (size_t i = 0; i < devices->n_controllers; i++) {
                const Controller *controller = devices->controllers[i];

                keys[i] = (gint64)controller->type << 32 | number_or(controller->index, 0);
                /* Companions share the index of the controller they serve. */
                if (controller->master.start_port.set)
                        continue;
                if (!g_hash_table_add(seen, &keys[i]))
                        return error_set(error, ERROR_XML_ERROR,
                                "Multiple '%s' controllers with index '%" G_GINT64_FORMAT "'",
                                controller_type_names.names[controller->type],
                                number_or(controller->index, 0));
        }
        return 0;
}

static int validate_interfaces(const DomainConfig *config, GError **error)
{
        for (size_t i = 0; i < config->devices.n_interfaces; i++) {
                const InterfaceDevice *interface = config->devices.interfaces[i];
                const char *missing = NULL;

                if (interface->type == INTERFACE_BRIDGE && !interface->source.bridge)
                        missing = "bridge";
                else if (interface->type == INTERFACE_NETWORK && !interface->source.network)
                        missing = "network";
                else if (interface->type == INTERFACE_DIRECT && !interface->source.dev)
                        missing = "dev";
                if (interface->bandwidth && interface->bandwidth->outbound.floor.set)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "'floor' attribute allowed only in <inbound> element");
                if (missing)
                        return error_set(error, ERROR_XML_ERROR,
                                "interface type='%s' requires a 'source' element with '%s'",
                                interface_type_names.names[interface->type], missing);
        }
        return 0;
}

static int validate_rngs(const DomainConfig *config, GError **error)
{
        for (size_t i = 0; i < config->devices.n_rngs; i++)
                if (config->devices.rngs[i]->backend.model == RNG_ABSENT)
                        return error_set(error, ERROR_XML_ERROR, "missing RNG device backend");
        return 0;
}

static bool is_console_target(ChardevTargetType type)
{
        return type == TARGET_SERIAL || type == TARGET_VIRTIO || type == TARGET_XEN ||
                type == TARGET_SCLP || type == TARGET_SCLPLM || type == TARGET_UML ||
                type == TARGET_LXC || type == TARGET_OPENVZ;
}

/* The target types that a kind may have. */
static bool target_fits(ChardevKind kind, ChardevTargetType type)
{
        switch (kind) {
        case CHARDEV_SERIAL:
                return type <= TARGET_ISA_DEBUG;
        case CHARDEV_PARALLEL:
                return type == TARGET_ABSENT;
        case CHARDEV_CONSOLE:
                return type == TARGET_ABSENT || is_console_target(type);
        case CHARDEV_CHANNEL:
                return type == TARGET_VIRTIO || type == TARGET_XEN || type == TARGET_GUESTFWD;
        }
        return false;
}

static int validate_source(const Chardev *chardev, GError **error)
{
        switch (chardev->type) {
        case CHARDEV_DEV:
        case CHARDEV_FILE:
        case CHARDEV_PIPE:
                if (!chardev->path.path)
                        return error_set(error, ERROR_XML_ERROR,
                                "Missing source path attribute for char device");
                return 0;
        case CHARDEV_TCP:
                if (!chardev->tcp.source.service)
                        return error_set(error, ERROR_XML_ERROR,
                                "Missing source service attribute for char device");
                return 0;
        default:
                return 0;
        }
}

static int validate_chardevs(
        Chardev **list, size_t n, ChardevKind kind, const char *name, GError **error)
{
        for (size_t i = 0; i < n; i++) {
                const Chardev *chardev = list[i];

                if (validate_source(chardev, error) < 0)
                        return -1;
                if (!target_fits(kind, chardev->target.type))
                        return error_set(error, ERROR_XML_ERROR,
                                "unknown target type '%s' specified for %s",
                                enum_name(&chardev_target_names, chardev->target.type) ?: "", name);
                for (size_t j = 0; kind == CHARDEV_SERIAL && j < i; j++)
                        if (number_or(list[j]->target.port, -1) ==
                                number_or(chardev->target.port, -2))
                                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                        "target port '%" G_GINT64_FORMAT
                                        "' is used by two serial devices",
                                        chardev->target.port.value);
        }
        return 0;
}

static int validate_graphics(const DomainConfig *config, GError **error)
{
        const Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_graphics; i++) {
                const Graphics *graphics = devices->graphics[i];

                if (graphics->type == GRAPHICS_VNC && graphics->vnc.connected != CONNECTED_ABSENT &&
                        graphics->vnc.connected != CONNECTED_KEEP)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "VNC supports connected='keep' only");
        }
        return 0;
}

static int validate_videos(const DomainConfig *config, GError **error)
{
        const Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_videos; i++) {
                if (devices->videos[i]->model.type == VIDEO_NONE && devices->n_videos > 1)
                        return error_set(error, ERROR_XML_ERROR,
                                "a 'none' video type must be the only video device defined for the domain");
                for (size_t j = 1; j < devices->n_videos; j++)
                        if (devices->videos[j]->model.primary == SWITCH_ON)
                                return error_set(error, ERROR_XML_ERROR,
                                        "Only one primary video device is "
                                        "supported");
        }
        return 0;
}

int domain_config_validate(const DomainConfig *config, GError **error)
{
        static int (*const rules[])(const DomainConfig *, GError **) = { validate_texts,
                validate_memory, validate_vcpus, validate_cpu, validate_os, validate_clock,
                validate_lifecycle, validate_boot, validate_aliases, validate_disks,
                validate_controllers, validate_interfaces, validate_rngs, validate_graphics,
                validate_videos };
        const Devices *devices = &config->devices;

        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
                if (rules[i](config, error) < 0)
                        return -1;
        if (validate_chardevs(
                    devices->serials, devices->n_serials, CHARDEV_SERIAL, "serial", error) < 0 ||
                validate_chardevs(devices->parallels, devices->n_parallels, CHARDEV_PARALLEL,
                        "parallel", error) < 0 ||
                validate_chardevs(devices->consoles, devices->n_consoles, CHARDEV_CONSOLE,
                        "console", error) < 0 ||
                validate_chardevs(devices->channels, devices->n_channels, CHARDEV_CHANNEL,
                        "channel", error) < 0)
                return -1;
        return 0;
}
