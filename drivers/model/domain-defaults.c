/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "drivers/model/domain-tables.h"

/* What a document leaves open. The rules are libvirt's, as `virsh define` and `virsh dumpxml` show
 * them; tests compare. Each step is idempotent and touches only what is absent. */

static bool is_x86(const DomainConfig *config)
{
        return g_strcmp0(config->os.type.arch, "x86_64") == 0 ||
                g_strcmp0(config->os.type.arch, "i686") == 0;
}

static bool is_hvm(const DomainConfig *config)
{
        return g_strcmp0(config->os.type.name, "hvm") == 0;
}

bool machine_is_q35(const DomainConfig *config)
{
        const char *machine = config->os.type.machine ?: "";

        return g_str_equal(machine, "q35") || g_str_has_prefix(machine, "pc-q35");
}

bool machine_is_i440fx(const DomainConfig *config)
{
        const char *machine = config->os.type.machine ?: "";

        return g_str_equal(machine, "pc") || g_str_has_prefix(machine, "pc-i440fx") ||
                g_str_has_prefix(machine, "pc-0.") || g_str_has_prefix(machine, "pc-1.");
}

static void default_string(char **field, const char *value)
{
        if (!*field)
                *field = g_strdup(value);
}

/* ---- the machine ---------------------------------------------------------------------------- */

/* Adds a size; too much is as much as there can be. */
static void add_memory(int64_t *sum, Number kib)
{
        if (__builtin_add_overflow(*sum, number_or(kib, 0), sum))
                *sum = INT64_MAX;
}

static int64_t memory_of_cells(const CpuNuma *numa)
{
        int64_t kib = 0;

        for (size_t i = 0; numa && i < numa->n_cells; i++)
                add_memory(&kib, numa->cells[i]->memory);
        return kib;
}

static int64_t memory_of_devices(const Devices *devices)
{
        int64_t kib = 0;

        for (size_t i = 0; i < devices->n_memories; i++)
                add_memory(&kib, devices->memories[i]->target.size);
        return kib;
}

/* What the document leaves open is what the cells have, and the devices. */
static int default_memory(DomainConfig *config, GError **error)
{
        int64_t kib = number_or(config->memory.kib, 0);
        int64_t devices = memory_of_devices(&config->devices);

        if (kib == 0 && (kib = memory_of_cells(config->cpu.numa)) > 0) {
                add_memory(&kib, number(devices));
                config->memory.kib = number(kib);
        }
        if (devices > kib)
                return error_set(error, ERROR_XML_ERROR,
                        "Total size of memory devices exceeds the total memory size");
        if (kib == devices)
                return error_set(error, ERROR_XML_ERROR,
                        "Memory size must be specified via <memory> or in the <numa> configuration");
        /* More than there is, is all of it. */
        if (!config->current_memory.kib.set || config->current_memory.kib.value == 0 ||
                config->current_memory.kib.value > kib)
                config->current_memory.kib = number(kib);
        return 0;
}

/* Processors that are placed by advice have their memory there too. */
static void default_numatune(DomainConfig *config)
{
        NumaMemory *memory;

        if (config->vcpu.placement == VCPU_PLACEMENT_AUTO && !config->numatune)
                config->numatune = g_new0(Numatune, 1);
        if (!config->numatune)
                return;
        if (config->numatune->memory) {
                if (config->numatune->memory->placement == VCPU_PLACEMENT_STATIC)
                        config->numatune->memory->placement = VCPU_PLACEMENT_ABSENT;
                return;
        }
        if (config->vcpu.placement != VCPU_PLACEMENT_AUTO)
                return;
        memory = g_new0(NumaMemory, 1);
        memory->mode = NUMA_STRICT;
        memory->placement = VCPU_PLACEMENT_AUTO;
        config->numatune->memory = memory;
}

static bool has_boot_order(const DomainConfig *config);

static int compare_firmware_features(const void *a, const void *b)
{
        const FirmwareFeature *const *first = a, *const *second = b;

        return strcmp((*first)->name, (*second)->name);
}

static int default_os(DomainConfig *config, const DomainDefaults *defaults, GError **error)
{
        OsType *type = &config->os.type;
        GError *failure = NULL;
        char *machine;

        if (!type->name && !config->bootloader)
                return error_set(error, ERROR_XML_ERROR, "an os <type> must be specified");
        if (!type->arch)
                type->arch = g_strdup(defaults->arch);
        if (config->os.firmware_features)
                qsort(config->os.firmware_features->features,
                        config->os.firmware_features->n_features, sizeof(FirmwareFeature *),
                        compare_firmware_features);
        if (defaults->machine) {
                machine = defaults->machine(
                        defaults->data, config->type, type->arch, type->machine, &failure);
                if (failure) {
                        g_propagate_error(error, failure);
                        return -1;
                }
                if (machine) {
                        g_free(type->machine);
                        type->machine = machine;
                }
        }
        if (is_hvm(config) && config->os.n_boots == 0 && !has_boot_order(config)) {
                OsBoot *boot = g_new0(OsBoot, 1);

                boot->dev = BOOT_DISK;
                list_append(&config->os.boots, &config->os.n_boots, boot);
        }
        return 0;
}

static void default_state(StateElement *element)
{
        if (element && element->state == SWITCH_ABSENT)
                element->state = SWITCH_ON;
}

static void default_features(Features *features)
{
        CapabilityFeature *capabilities = features->capabilities;

        default_state(features->hap);
        default_state(features->pmu);
        if (features->smm && features->smm->state == SWITCH_ABSENT)
                features->smm->state = SWITCH_ON;
        default_state(features->vmcoreinfo);
        if (features->hyperv)
                default_string(&features->hyperv->mode, "custom");
        if (capabilities && capabilities->n_capabilities == 0 &&
                g_strcmp0(capabilities->policy, "default") == 0) {
                bind_free(&capability_feature_type, capabilities);
                features->capabilities = NULL;
        }
}

static void default_cpu(DomainConfig *config, const DomainDefaults *defaults)
{
        Cpu *cpu = &config->cpu;

        if (defaults->cpu_model && is_x86(config) && cpu->mode == CPU_MODE_ABSENT &&
                !cpu->model.name) {
                cpu->mode = CPU_MODE_CUSTOM;
                cpu->match = CPU_MATCH_EXACT;
                cpu->check = CPU_CHECK_NONE;
                cpu->model.name = g_strdup(defaults->cpu_model);
                cpu->model.fallback = CPU_FALLBACK_FORBID;
        }
        if (cpu->model.name) {
                if (cpu->mode == CPU_MODE_ABSENT)
                        cpu->mode = CPU_MODE_CUSTOM;
                if (cpu->mode == CPU_MODE_CUSTOM && cpu->match == CPU_MATCH_ABSENT)
                        cpu->match = CPU_MATCH_EXACT;
                if (cpu->model.fallback == CPU_FALLBACK_ABSENT)
                        cpu->model.fallback = CPU_FALLBACK_ALLOW;
        }
        if (defaults->qemu_devices && cpu->check == CPU_CHECK_ABSENT) {
                if (cpu->mode == CPU_MODE_HOST_MODEL)
                        cpu->check = CPU_CHECK_PARTIAL;
                else if (cpu->mode == CPU_MODE_CUSTOM)
                        cpu->check = config->type == VIRT_KVM ? CPU_CHECK_PARTIAL : CPU_CHECK_NONE;
                else if (cpu->mode != CPU_MODE_ABSENT)
                        cpu->check = CPU_CHECK_NONE;
        }
        if (defaults->qemu_devices && cpu->mode == CPU_MODE_HOST_PASSTHROUGH &&
                cpu->migratable == SWITCH_ABSENT)
                cpu->migratable = SWITCH_ON;
        if (cpu->topology.sockets.set && !cpu->topology.dies.set)
                cpu->topology.dies = number(1);
        for (size_t i = 0; i < cpu->n_features; i++)
                if (cpu->features[i]->policy == CPU_POLICY_ABSENT)
                        cpu->features[i]->policy = CPU_POLICY_REQUIRE;
}

static void default_clock(Clock *clock)
{
        if (clock->offset == CLOCK_ABSENT)
                clock->offset = CLOCK_UTC;
        if (clock->offset == CLOCK_VARIABLE) {
                default_string(&clock->adjustment, "0");
                if (clock->basis == CLOCK_BASIS_ABSENT)
                        clock->basis = CLOCK_BASIS_UTC;
        }
}

/* ---- devices -------------------------------------------------------------------------------- */

/* The address or, for what has none, the order of a device counts: info is all it takes. */
static int boot_order_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        (void)kind, (void)device, (void)data;
        return info->boot.order.set;
}

static bool has_boot_order(const DomainConfig *config)
{
        return domain_config_each_device(config, boot_order_visit, NULL) != 0;
}

static int default_disk(Disk *disk, const DomainDefaults *defaults, GError **error)
{
        DiskBus bus = DISK_BUS_ABSENT;

        if (disk->type == DISK_ABSENT)
                disk->type = DISK_FILE;
        if (disk->device == DISK_DEVICE_ABSENT)
                disk->device = DISK_DEVICE_DISK;
        if (!disk->target.dev || !disk->target.dev[0])
                return error_set(error, ERROR_NO_TARGET, "%s", disk->source.path ?: "");
        if (disk_name_index(disk->target.dev, &bus) < 0 && disk->info.address.type == ADDRESS_NONE)
                return error_set(error, ERROR_XML_ERROR,
                        "Unknown disk name '%s' and no address specified", disk->target.dev);
        if (disk->target.bus == DISK_BUS_ABSENT)
                disk->target.bus = bus;
        if (disk->device == DISK_DEVICE_CDROM)
                disk->readonly = true;
        if (disk->driver.cache == DISK_CACHE_DEFAULT)
                disk->driver.cache = DISK_CACHE_ABSENT;
        if (disk->type == DISK_VHOST_USER && disk->snapshot == DISK_SNAPSHOT_ABSENT)
                disk->snapshot = DISK_SNAPSHOT_NO;
        if (disk->transient && disk->transient->share_backing == SWITCH_OFF)
                disk->transient->share_backing = SWITCH_ABSENT;
        if (defaults->qemu_devices) {
                default_string(&disk->driver.name, "qemu");
                if (disk->driver.type == DISK_FORMAT_ABSENT)
                        disk->driver.type = DISK_FORMAT_RAW;
        }
        return 0;
}

static void default_controllers(DomainConfig *config)
{
        Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_controllers; i++) {
                Controller *controller = devices->controllers[i];
                const char *model = controller->model ?: "";
                unsigned index = 0;

                if (controller->index.set)
                        continue;
                /* The companions of an EHCI controller share its index. */
                if (controller->type != CONTROLLER_USB || !g_str_has_prefix(model, "ich9-uhci"))
                        while (domain_config_controller(config, controller->type, index))
                                index++;
                controller->index = number(index);
        }
}

static void default_interface(
        DomainConfig *config, InterfaceDevice *interface, const DomainDefaults *defaults)
{
        guint32 random = g_random_int();

        if (!interface->mac.address)
                interface->mac.address = g_strdup_printf("52:54:00:%02x:%02x:%02x", random & 0xff,
                        random >> 8 & 0xff, random >> 16 & 0xff);
        if (defaults->qemu_devices && interface->type != INTERFACE_HOSTDEV)
                default_string(&interface->model.type, is_x86(config) ? "rtl8139" : "virtio");
}

static const char *serial_model(ChardevTargetType type)
{
        switch (type) {
        case TARGET_ISA_SERIAL:
                return "isa-serial";
        case TARGET_USB_SERIAL:
                return "usb-serial";
        case TARGET_PCI_SERIAL:
                return "pci-serial";
        case TARGET_SPAPR_VIO_SERIAL:
                return "spapr-vty";
        case TARGET_SYSTEM_SERIAL:
                return "pl011";
        case TARGET_SCLP_SERIAL:
                return "sclpconsole";
        case TARGET_ISA_DEBUG:
                return "isa-debugcon";
        default:
                return NULL;
        }
}

/* The type of a serial port that names none, after the bus of its address and then of the machine.
 */
static ChardevTargetType serial_type(const DomainConfig *config, const Chardev *serial)
{
        switch (serial->info.address.type) {
        case ADDRESS_USB:
                return TARGET_USB_SERIAL;
        case ADDRESS_PCI:
                return TARGET_PCI_SERIAL;
        case ADDRESS_SPAPR_VIO:
                return TARGET_SPAPR_VIO_SERIAL;
        default:
                return is_x86(config) ? TARGET_ISA_SERIAL : TARGET_SYSTEM_SERIAL;
        }
}

static void default_ports(Chardev **list, size_t n)
{
        int64_t max = -1;

        for (size_t i = 0; i < n; i++)
                max = MAX(max, number_or(list[i]->target.port, -1));
        for (size_t i = 0; i < n; i++)
                if (!list[i]->target.port.set)
                        list[i]->target.port = number(++max);
}

static void default_chardev(Chardev *chardev)
{
        if (chardev->type == CHARDEV_ABSENT)
                chardev->type = CHARDEV_PTY;
        if (chardev->type == CHARDEV_TCP && chardev->tcp.source.service) {
                if (chardev->tcp.source.mode == CHARDEV_MODE_ABSENT)
                        chardev->tcp.source.mode = CHARDEV_MODE_CONNECT;
                if (chardev->tcp.protocol.type == PROTOCOL_ABSENT)
                        chardev->tcp.protocol.type = PROTOCOL_RAW;
        }
}

/* Makes `to` a copy of `from` that has the port but not the place of it. */
static void chardev_mirror(const Chardev *from, Chardev *to, ChardevTargetType type)
{
        Number port = from->target.port;

        bind_copy(&chardev_type, from, to);
        bind_clear(&port_target_type, &to->target);
        if (type != TARGET_SERIAL)
                bind_clear(&address_type, &to->info.address);
        to->target.type = type;
        to->target.port = port;
        if (type == TARGET_SERIAL && to->type == CHARDEV_PTY)
                default_string(&to->tty, to->path.path);
}

/* A console on a serial port is that port, seen again: the first console and the first port are
 * one. */
static void pair_console(DomainConfig *config)
{
        Devices *devices = &config->devices;
        Chardev *console = devices->n_consoles ? devices->consoles[0] : NULL, *serial;
        bool serial_console = console &&
                (console->target.type == TARGET_SERIAL || console->target.type == TARGET_ABSENT);

        if (serial_console && devices->n_serials == 0) {
                serial = g_new0(Chardev, 1);
                chardev_mirror(console, serial, TARGET_ABSENT);
                g_clear_pointer(&serial->tty, g_free);
                list_append(&devices->serials, &devices->n_serials, serial);
        }
        if (devices->n_serials == 0)
                return;
        serial = devices->serials[0];
        if (serial_console) {
                g_autofree char *tty = g_steal_pointer(&console->tty);

                bind_clear(&chardev_type, console);
                chardev_mirror(serial, console, TARGET_SERIAL);
                if (!console->tty)
                        console->tty = g_steal_pointer(&tty);
                return;
        }
        if (serial->target.type == TARGET_USB_SERIAL || serial->target.type == TARGET_PCI_SERIAL ||
                serial->target.type == TARGET_ISA_DEBUG)
                return;
        console = g_new0(Chardev, 1);
        chardev_mirror(serial, console, TARGET_SERIAL);
        list_append(&devices->consoles, &devices->n_consoles, console);
        memmove(devices->consoles + 1, devices->consoles,
                (devices->n_consoles - 1) * sizeof(devices->consoles[0]));
        devices->consoles[0] = console;
}

static void default_chardevs(DomainConfig *config, const DomainDefaults *defaults)
{
        Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_serials; i++)
                default_chardev(devices->serials[i]);
        for (size_t i = 0; i < devices->n_parallels; i++)
                default_chardev(devices->parallels[i]);
        for (size_t i = 0; i < devices->n_consoles; i++)
                default_chardev(devices->consoles[i]);
        for (size_t i = 0; i < devices->n_channels; i++)
                default_chardev(devices->channels[i]);
        default_ports(devices->serials, devices->n_serials);
        default_ports(devices->parallels, devices->n_parallels);
        default_ports(devices->consoles, devices->n_consoles);
        if (is_hvm(config))
                pair_console(config);

        for (size_t i = 0; defaults->qemu_devices && i < devices->n_serials; i++) {
                ChardevTarget *target = &devices->serials[i]->target;

                if (target->type == TARGET_ABSENT)
                        target->type = serial_type(config, devices->serials[i]);
                default_string(&target->model.name, serial_model(target->type));
        }
}

static void add_input(DomainConfig *config, InputType type)
{
        Devices *devices = &config->devices;
        Input *input;

        for (size_t i = 0; i < devices->n_inputs; i++)
                if (devices->inputs[i]->type == type && devices->inputs[i]->bus == INPUT_BUS_PS2)
                        return;
        input = g_new0(Input, 1);
        input->type = type;
        input->bus = INPUT_BUS_PS2;
        list_append(&devices->inputs, &devices->n_inputs, input);
}

static void default_inputs(DomainConfig *config, const DomainDefaults *defaults)
{
        Devices *devices = &config->devices;

        for (size_t i = 0; i < devices->n_inputs; i++) {
                Input *input = devices->inputs[i];
                bool ps2 = input->type == INPUT_MOUSE || input->type == INPUT_KEYBOARD;

                if (input->bus != INPUT_BUS_ABSENT)
                        continue;
                if (input->model != VIRTIO_ABSENT || input->type == INPUT_PASSTHROUGH)
                        input->bus = INPUT_BUS_VIRTIO;
                else if (input->type == INPUT_EVDEV)
                        input->bus = INPUT_BUS_NONE;
                else if (config->type == VIRT_XEN && !is_hvm(config))
                        input->bus = INPUT_BUS_XEN;
                else
                        input->bus = ps2 && is_x86(config) ? INPUT_BUS_PS2 : INPUT_BUS_USB;
        }
        if (defaults->qemu_devices && is_x86(config)) {
                add_input(config, INPUT_MOUSE);
                add_input(config, INPUT_KEYBOARD);
        }
}

/* The old attributes and the first <listen> say the same. */
static void default_listen(Graphics *graphics, char **address, char **socket)
{
        GraphicsListen *listen;

        if (graphics->n_listens == 0) {
                listen = g_new0(GraphicsListen, 1);
                listen->type = socket && *socket ? LISTEN_SOCKET : LISTEN_ADDRESS;
                if (listen->type == LISTEN_SOCKET)
                        listen->socket = g_strdup(*socket);
                else
                        listen->address = g_strdup(*address);
                list_append(&graphics->listens, &graphics->n_listens, listen);
        }
        listen = graphics->listens[0];
        if (listen->type == LISTEN_ADDRESS)
                default_string(address, listen->address);
        else if (listen->type == LISTEN_SOCKET && socket)
                default_string(socket, listen->socket);
}

static void default_vnc(Graphics *graphics)
{
        VncGraphics *vnc = &graphics->vnc;

        default_listen(graphics, &vnc->listen, &vnc->socket);
        if (graphics->listens[0]->type == LISTEN_SOCKET ||
                graphics->listens[0]->type == LISTEN_NONE)
                return;
        if (!vnc->port.set || vnc->port.value == -1) {
                vnc->port = number(-1);
                vnc->autoport = SWITCH_ON;
        } else if (vnc->autoport == SWITCH_ABSENT) {
                vnc->autoport = SWITCH_OFF;
        }
}

/* Without a port there is nothing to listen on. */
static void default_spice(Graphics *graphics)
{
        SpiceGraphics *spice = &graphics->spice;

        default_listen(graphics, &spice->listen, NULL);
        if (graphics->listens[0]->type == LISTEN_ADDRESS && !spice->port.set &&
                !spice->tls_port.set && spice->autoport != SWITCH_ON) {
                graphics->listens[0]->type = LISTEN_NONE;
                g_clear_pointer(&graphics->listens[0]->address, g_free);
                g_clear_pointer(&spice->listen, g_free);
        }
        if (g_strcmp0(spice->default_mode, "any") == 0)
                g_clear_pointer(&spice->default_mode, g_free);
        for (size_t i = spice->n_channels; i-- > 0;)
                if (strcmp(spice->channels[i]->mode, "any") == 0) {
                        bind_free(&spice_channel_type, spice->channels[i]);
                        list_remove(spice->channels, &spice->n_channels, i);
                }
}

static void default_graphics(Graphics *graphics)
{
        switch (graphics->type) {
        case GRAPHICS_VNC:
                default_vnc(graphics);
                return;
        case GRAPHICS_SPICE:
                default_spice(graphics);
                return;
        case GRAPHICS_RDP:
                default_listen(graphics, &graphics->rdp.listen, NULL);
                if (graphics->rdp.autoport == SWITCH_OFF)
                        graphics->rdp.autoport = SWITCH_ABSENT;
                return;
        default:
                return;
        }
}

static void default_video_memory(VideoModel *model, bool qemu)
{
        switch (model->type) {
        case VIDEO_VGA:
        case VIDEO_CIRRUS:
        case VIDEO_VMVGA:
        case VIDEO_BOCHS:
                if (!model->vram.set)
                        model->vram = number(16 * 1024);
                break;
        case VIDEO_XEN:
                if (!model->vram.set)
                        model->vram = number(4 * 1024);
                break;
        case VIDEO_QXL:
                if (!model->ram.set)
                        model->ram = number(64 * 1024);
                if (!model->vram.set)
                        model->vram = number(64 * 1024);
                if (!model->vgamem.set && qemu)
                        model->vgamem = number(16 * 1024);
                break;
        default:
                break;
        }
}

static void default_videos(DomainConfig *config, const DomainDefaults *defaults)
{
        Devices *devices = &config->devices;

        if (devices->n_graphics > 0 && devices->n_videos == 0) {
                Video *video = g_new0(Video, 1);

                video->model.type = config->type == VIRT_XEN && !is_hvm(config) ? VIDEO_XEN :
                        is_x86(config)                                          ? VIDEO_CIRRUS :
                                                                                  VIDEO_VIRTIO;
                list_append(&devices->videos, &devices->n_videos, video);
        }
        /* The primary one is the first. */
        for (size_t i = 1; i < devices->n_videos; i++) {
                Video *video = devices->videos[i];

                if (video->model.primary != SWITCH_ON)
                        continue;
                devices->videos[i] = devices->videos[0];
                devices->videos[0] = video;
                break;
        }
        for (size_t i = 0; i < devices->n_videos; i++) {
                VideoModel *model = &devices->videos[i]->model;

                if (model->type == VIDEO_ABSENT)
                        model->type = is_x86(config) ? VIDEO_CIRRUS : VIDEO_VIRTIO;
                if (model->type == VIDEO_NONE)
                        continue;
                default_video_memory(model, defaults->qemu_devices);
                if (!model->heads.set)
                        model->heads = number(1);
                if (i == 0)
                        model->primary = SWITCH_ON;
        }
}

/* Whether a disk stands behind another one of its bus. */
static bool disk_after(const Disk *disk, const Disk *other)
{
        return disk_name_index(disk->target.dev, NULL) > disk_name_index(other->target.dev, NULL);
}

/* The disks of a bus stand together and in order, as libvirt lists them. */
static void group_disks(Disk **disks, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                Disk *disk = disks[i];
                size_t at = i;
                bool found = false;

                for (size_t j = i; j-- > 0;) {
                        if (disks[j]->target.bus != disk->target.bus)
                                continue;
                        if (disk_after(disks[j], disk)) {
                                at = j;
                                found = true;
                                continue;
                        }
                        if (!found)
                                at = j + 1;
                        break;
                }
                memmove(&disks[at + 1], &disks[at], (i - at) * sizeof(Disk *));
                disks[at] = disk;
        }
}

/* The controllers that each QEMU machine of the kind comes with. */
static void default_machine_controllers(DomainConfig *config)
{
        bool q35 = machine_is_q35(config), i440fx = machine_is_i440fx(config), usb = false;

        if (!q35 && !i440fx && g_strcmp0(config->os.type.machine, "virt") != 0 &&
                !g_str_has_prefix(config->os.type.machine ?: "", "virt-"))
                return;
        for (size_t i = 0; i < config->devices.n_controllers; i++)
                usb |= config->devices.controllers[i]->type == CONTROLLER_USB;
        if (!usb)
                domain_config_add_controller(
                        config, CONTROLLER_USB, 0, i440fx ? "piix3-uhci" : "qemu-xhci");
        if (q35 && !domain_config_controller(config, CONTROLLER_SATA, 0))
                domain_config_add_controller(config, CONTROLLER_SATA, 0, NULL);
        if (!domain_config_controller(config, CONTROLLER_PCI, 0))
                domain_config_add_controller(
                        config, CONTROLLER_PCI, 0, i440fx ? "pci-root" : "pcie-root");
}

static void default_redirfilter(RedirectionFilter *filter)
{
        for (size_t i = 0; filter && i < filter->n_rules; i++) {
                RedirectionRule *rule = filter->rules[i];
                Number *numbers[] = { &rule->class, &rule->vendor, &rule->product };

                for (size_t j = 0; j < G_N_ELEMENTS(numbers); j++)
                        if (numbers[j]->value == -1)
                                *numbers[j] = (Number){ 0 };
                if (g_strcmp0(rule->version, "-1") == 0)
                        g_clear_pointer(&rule->version, g_free);
        }
}

/* What says what holds anyway. */
static void default_others(Devices *devices)
{
        default_redirfilter(devices->redirfilter);
        for (size_t i = 0; i < devices->n_hostdevs; i++)
                if (g_strcmp0(devices->hostdevs[i]->source.protocol, "adapter") == 0)
                        g_clear_pointer(&devices->hostdevs[i]->source.protocol, g_free);
        for (size_t i = 0; i < devices->n_shmems; i++)
                if (g_strcmp0(devices->shmems[i]->model, "ivshmem") == 0)
                        g_clear_pointer(&devices->shmems[i]->role, g_free);
}

static int default_devices(DomainConfig *config, const DomainDefaults *defaults, GError **error)
{
        Devices *devices = &config->devices;

        if (!devices->emulator && defaults->emulator)
                devices->emulator =
                        defaults->emulator(defaults->data, config->type, config->os.type.arch);
        for (size_t i = 0; i < devices->n_disks; i++)
                if (default_disk(devices->disks[i], defaults, error) < 0)
                        return -1;
        default_controllers(config);
        group_disks(devices->disks, devices->n_disks);
        for (size_t i = 0; i < devices->n_interfaces; i++)
                default_interface(config, devices->interfaces[i], defaults);
        default_chardevs(config, defaults);
        default_inputs(config, defaults);
        for (size_t i = 0; i < devices->n_graphics; i++)
                default_graphics(devices->graphics[i]);
        default_videos(config, defaults);
        default_others(devices);
        for (size_t i = 0; i < devices->n_watchdogs; i++)
                if (devices->watchdogs[i]->action == WATCHDOG_ACTION_ABSENT)
                        devices->watchdogs[i]->action = WATCHDOG_RESET;
        if (!devices->memballoon && defaults->qemu_devices) {
                devices->memballoon = g_new0(Memballoon, 1);
                devices->memballoon->model = MEMBALLOON_VIRTIO;
        }
        if (defaults->qemu_devices)
                default_machine_controllers(config);
        return 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

int domain_config_defaults(DomainConfig *config, const DomainDefaults *defaults, GError **error)
{
        if (!config->uuid)
                config->uuid = g_uuid_string_random();
        if (default_memory(config, error) < 0)
                return -1;
        if (!config->vcpu.count.set)
                config->vcpu.count = number(1);
        if (config->vcpu.placement == VCPU_PLACEMENT_ABSENT)
                config->vcpu.placement = VCPU_PLACEMENT_STATIC;
        default_numatune(config);
        if (default_os(config, defaults, error) < 0)
                return -1;
        default_features(&config->features);
        default_cpu(config, defaults);
        default_clock(&config->clock);
        if (config->on_poweroff == LIFECYCLE_ABSENT)
                config->on_poweroff = LIFECYCLE_DESTROY;
        if (config->on_reboot == LIFECYCLE_ABSENT)
                config->on_reboot = LIFECYCLE_RESTART;
        if (config->on_crash == LIFECYCLE_ABSENT)
                config->on_crash = LIFECYCLE_DESTROY;

        if (default_devices(config, defaults, error) < 0 || domain_assign_drives(config, error) < 0)
                return -1;
        return defaults->qemu_devices ? domain_assign_addresses(config, error) : 0;
}
