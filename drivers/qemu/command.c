/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/command.h"

#include <string.h>
#include <time.h>

#include "drivers/qemu/builder.h"

static bool is_on(const StateElement *feature)
{
        return feature && feature->state != SWITCH_OFF;
}

/* Which devices <os><boot dev=''/> means: of each kind the first. */
static void find_boot_devices(Builder *builder)
{
        const DomainConfig *config = builder->config;
        const Devices *devices = &config->devices;

        for (size_t i = 0; i < config->os.n_boots; i++) {
                BootDeviceKind kind = config->os.boots[i]->dev;

                if (builder->boot_places[kind] > 0)
                        continue;
                builder->boot_places[kind] = i + 1;
                if (kind == BOOT_NETWORK)
                        builder->boot_devices[kind] =
                                devices->n_interfaces > 0 ? devices->interfaces[0] : NULL;
                for (size_t j = 0; j < devices->n_disks && kind != BOOT_NETWORK; j++) {
                        const Disk *disk = devices->disks[j];
                        BootDeviceKind its = disk->device == DISK_DEVICE_CDROM ? BOOT_CDROM :
                                disk->device == DISK_DEVICE_FLOPPY             ? BOOT_FLOPPY :
                                                                                 BOOT_DISK;

                        if (its == kind) {
                                builder->boot_devices[kind] = disk;
                                break;
                        }
                }
        }
}

static void add_pflash(Builder *builder, unsigned number, QemuDescriptorRole role, const char *path,
        bool read_only)
{
        g_autofree char *storage = g_strdup_printf("libvirt-pflash%u-storage", number);
        g_autofree char *file = builder_path(builder, role, NULL, path);
        json_t *node = json_pack(
                "{s:s,s:s,s:s}", "driver", "file", "filename", file, "node-name", storage);

        builder_set_access(node, file, read_only);
        json_set_text(node, "discard", "unmap");
        builder_add_json(builder, "-blockdev", node);
        builder_add_json(builder, "-blockdev",
                json_pack("{s:o,s:b,s:s,s:s}", "node-name",
                        json_sprintf("libvirt-pflash%u-format", number), "read-only", read_only,
                        "driver", "raw", "file", storage));
}

static bool has_pflash(const DomainConfig *config)
{
        return config->os.loader.path && config->os.loader.type == LOADER_PFLASH;
}

static void add_firmware(Builder *builder)
{
        const Os *os = &builder->config->os;

        if (has_pflash(builder->config)) {
                add_pflash(builder, 0, QEMU_FD_CODE, os->loader.path,
                        os->loader.readonly != SWITCH_OFF);
                if (os->nvram.path)
                        add_pflash(builder, 1, QEMU_FD_NVRAM, os->nvram.path, false);
        } else if (os->loader.path) {
                builder_add(builder, "-bios", "%s", os->loader.path);
        }
}

static void append_switch(GString *text, const char *name, Switch value)
{
        if (value != SWITCH_ABSENT)
                g_string_append_printf(text, ",%s=%s", name, value == SWITCH_ON ? "on" : "off");
}

static const Timer *find_timer(const DomainConfig *config, TimerName name)
{
        for (size_t i = 0; i < config->clock.n_timers; i++)
                if (config->clock.timers[i]->name == name)
                        return config->clock.timers[i];
        return NULL;
}

static void add_machine(Builder *builder)
{
        const DomainConfig *config = builder->config;
        const Features *features = &config->features;
        const Timer *hpet = find_timer(config, TIMER_HPET);
        g_autoptr(GString) text = g_string_new(builder->machine->name);

        g_string_append(text, ",usb=off");
        append_switch(text, "vmport", features->vmport.state);
        if (features->smm || config->os.loader.secure == SWITCH_ON)
                append_switch(text, "smm",
                        switch_from(!features->smm || features->smm->state != SWITCH_OFF));
        if (features->ioapic.driver == IOAPIC_QEMU)
                g_string_append(text, ",kernel_irqchip=split");
        g_string_append_printf(
                text, ",dump-guest-core=%s", config->memory.dump_core == SWITCH_ON ? "on" : "off");
        if (builder->machine->ram_id)
                g_string_append_printf(text, ",memory-backend=%s", builder->machine->ram_id);
        if (has_pflash(config)) {
                g_string_append(text, ",pflash0=libvirt-pflash0-format");
                if (config->os.nvram.path)
                        g_string_append(text, ",pflash1=libvirt-pflash1-format");
        }
        if (hpet)
                append_switch(text, "hpet", hpet->present);
        g_string_append_printf(text, ",acpi=%s", features->acpi ? "on" : "off");
        builder_add(builder, "-machine", "%s", text->str);
        builder_add(
                builder, "-accel", "%s", qemu_accel_of(config) == QEMU_ACCEL_KVM ? "kvm" : "tcg");
        if (config->os.loader.secure == SWITCH_ON)
                builder_add(builder, "-global", "driver=cfi.pflash01,property=secure,value=on");
}

/* Flags of the processor that features and timers ask for. */
static void append_cpu_flags(Builder *builder, GString *text)
{
        const DomainConfig *config = builder->config;
        const Features *features = &config->features;
        const HypervFeatures *hyperv = features->hyperv;
        const Timer *tsc = find_timer(config, TIMER_TSC);
        const Timer *kvmclock = find_timer(config, TIMER_KVMCLOCK);
        const Timer *hypervclock = find_timer(config, TIMER_HYPERVCLOCK);

        if (features->apic)
                append_switch(text, "kvm-pv-eoi", features->apic->eoi);
        append_switch(text, "kvm-pv-unhalt", features->pvspinlock.state);
        if (features->kvm.hidden.state == SWITCH_ON)
                g_string_append(text, ",kvm=off");
        append_switch(text, "kvm-hint-dedicated", features->kvm.hint_dedicated.state);
        append_switch(text, "kvm-poll-control", features->kvm.poll_control.state);
        append_switch(text, "kvm-pv-ipi", features->kvm.pv_ipi.state);
        if (features->pmu)
                append_switch(text, "pmu", switch_from(is_on(features->pmu)));
        if (kvmclock)
                append_switch(text, "kvmclock", kvmclock->present);
        if (hypervclock)
                append_switch(text, "hv-time", hypervclock->present);
        if (tsc && tsc->frequency.set)
                g_string_append_printf(
                        text, ",tsc-frequency=%" G_GINT64_FORMAT, tsc->frequency.value);
        if (!hyperv)
                return;
        if (g_strcmp0(hyperv->mode, "passthrough") == 0)
                g_string_append(text, ",hv-passthrough=on");
        append_switch(text, "hv-relaxed", hyperv->relaxed.state);
        append_switch(text, "hv-vapic", hyperv->vapic.state);
        if (hyperv->spinlocks.state == SWITCH_ON)
                g_string_append_printf(text, ",hv-spinlocks=0x%x",
                        (unsigned)number_or(hyperv->spinlocks.retries, 4095));
        append_switch(text, "hv-vpindex", hyperv->vpindex.state);
        append_switch(text, "hv-runtime", hyperv->runtime.state);
        append_switch(text, "hv-synic", hyperv->synic.state);
        append_switch(text, "hv-stimer", hyperv->stimer.state);
        append_switch(text, "hv-stimer-direct", hyperv->stimer.direct.state);
        append_switch(text, "hv-reset", hyperv->reset.state);
        if (hyperv->vendor_id.state == SWITCH_ON && hyperv->vendor_id.value) {
                g_autofree char *value = builder_escape(hyperv->vendor_id.value);

                g_string_append_printf(text, ",hv-vendor-id=%s", value);
        }
        append_switch(text, "hv-frequencies", hyperv->frequencies.state);
        append_switch(text, "hv-reenlightenment", hyperv->reenlightenment.state);
        append_switch(text, "hv-tlbflush", hyperv->tlbflush.state);
        append_switch(text, "hv-ipi", hyperv->ipi.state);
        append_switch(text, "hv-evmcs", hyperv->evmcs.state);
        append_switch(text, "hv-avic", hyperv->avic.state);
}

static void add_cpu(Builder *builder)
{
        const Cpu *cpu = &builder->config->cpu;
        bool kvm = qemu_accel_of(builder->config) == QEMU_ACCEL_KVM;
        g_autoptr(GString) text = g_string_new(NULL);

        switch (cpu->mode) {
        case CPU_MODE_HOST_PASSTHROUGH:
                g_string_append(text, "host");
                append_switch(text, "migratable", cpu->migratable);
                break;
        case CPU_MODE_HOST_MODEL:
                /* All that can be migrated of what the host has; TCG has no host to go by. */
                g_string_append(text, kvm ? "host,migratable=on" : "max");
                break;
        case CPU_MODE_MAXIMUM:
                g_string_append(text, "max");
                append_switch(text, "migratable", cpu->migratable);
                break;
        default: {
                const char *model =
                        cpu->model.name ? cpu->model.name : builder->machine->default_cpu;

                if (!model)
                        return;
                g_string_append(text, model);
        }
        }
        for (size_t i = 0; i < cpu->n_features; i++) {
                const CpuFeature *feature = cpu->features[i];

                if (feature->policy != CPU_POLICY_OPTIONAL)
                        append_switch(text, feature->name,
                                switch_from(feature->policy != CPU_POLICY_DISABLE &&
                                        feature->policy != CPU_POLICY_FORBID));
        }
        append_cpu_flags(builder, text);
        builder_add(builder, "-cpu", "%s", text->str);
}

static void add_memory(Builder *builder)
{
        int64_t kib = builder->config->memory.kib.value;

        builder_add(builder, "-m", "size=%" G_GINT64_FORMAT "k", kib);
        if (builder->machine->ram_id)
                builder_add_json(builder, "-object",
                        json_pack("{s:s,s:s,s:I}", "qom-type", "memory-backend-ram", "id",
                                builder->machine->ram_id, "size", (json_int_t)kib * 1024));
        builder_add(builder, "-overcommit", "mem-lock=off");
}

static void add_smp(Builder *builder)
{
        const DomainConfig *config = builder->config;
        const CpuTopology *topology = &config->cpu.topology;
        int64_t most = number_or(config->vcpu.count, 1);
        int64_t current = number_or(config->vcpu.current, most);
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_append_printf(text, "%" G_GINT64_FORMAT, current);
        if (current != most)
                g_string_append_printf(text, ",maxcpus=%" G_GINT64_FORMAT, most);
        g_string_append_printf(
                text, ",sockets=%" G_GINT64_FORMAT, number_or(topology->sockets, most));
        if (number_or(topology->dies, 1) > 1)
                g_string_append_printf(text, ",dies=%" G_GINT64_FORMAT, topology->dies.value);
        g_string_append_printf(text, ",cores=%" G_GINT64_FORMAT ",threads=%" G_GINT64_FORMAT,
                number_or(topology->cores, 1), number_or(topology->threads, 1));
        builder_add(builder, "-smp", "%s", text->str);
        for (int64_t i = 1; i <= number_or(config->iothreads, 0); i++)
                builder_add_json(builder, "-object",
                        json_pack("{s:s,s:o}", "qom-type", "iothread", "id",
                                json_sprintf("iothread%u", (unsigned)i)));
}

static void append_time(GString *text, int64_t seconds)
{
        time_t time = seconds;
        struct tm tm;
        char formatted[32];

        if (gmtime_r(&time, &tm) &&
                strftime(formatted, sizeof(formatted), "%Y-%m-%dT%H:%M:%S", &tm) > 0)
                g_string_append(text, formatted);
        else
                g_string_append(text, "utc");
}

static void add_clock(Builder *builder)
{
        const Clock *clock = &builder->config->clock;
        const Timer *rtc = find_timer(builder->config, TIMER_RTC);
        const Timer *pit = find_timer(builder->config, TIMER_PIT);
        g_autoptr(GString) text = g_string_new("base=");
        int64_t adjustment = 0;

        if (clock->adjustment)
                adjustment = g_ascii_strtoll(clock->adjustment, NULL, 10); /* "reset" is 0 */
        switch (clock->offset) {
        case CLOCK_LOCALTIME:
                g_string_append(text, "localtime");
                break;
        case CLOCK_TIMEZONE:
                g_ptr_array_add(builder->envp, g_strdup_printf("TZ=%s", clock->timezone));
                g_string_append(text, "localtime");
                break;
        case CLOCK_ABSOLUTE:
                append_time(text, number_or(clock->start, 0));
                break;
        default:
                if (clock->basis == CLOCK_BASIS_LOCALTIME) {
                        time_t now = builder->runtime->now;
                        struct tm tm;

                        if (localtime_r(&now, &tm))
                                adjustment += tm.tm_gmtoff;
                }
                if (adjustment != 0)
                        append_time(text, builder->runtime->now + adjustment);
                else
                        g_string_append(text, "utc");
        }
        if (rtc && (rtc->track == TRACK_GUEST || rtc->track == TRACK_REALTIME))
                g_string_append(text, rtc->track == TRACK_GUEST ? ",clock=vm" : ",clock=rt");
        if (rtc && rtc->tickpolicy == TICK_CATCHUP)
                g_string_append(text, ",driftfix=slew");
        builder_add(builder, "-rtc", "%s", text->str);
        if (pit && (pit->tickpolicy == TICK_DELAY || pit->tickpolicy == TICK_DISCARD))
                builder_add(builder, "-global", "kvm-pit.lost_tick_policy=%s",
                        pit->tickpolicy == TICK_DELAY ? "delay" : "discard");
}

/* See command.h. QEMU stays where it would end, so that the driver sees what happened and decides.
 */
static void add_actions(Builder *builder)
{
        const DomainConfig *config = builder->config;
        bool reboots = config->on_reboot == LIFECYCLE_ABSENT ||
                config->on_reboot == LIFECYCLE_RESTART ||
                config->on_reboot == LIFECYCLE_RENAME_RESTART;
        const char *watchdog = NULL;

        if (config->devices.n_watchdogs > 0) {
                WatchdogAction action = config->devices.watchdogs[0]->action;

                watchdog = enum_name(&watchdog_action_names,
                        action == WATCHDOG_ACTION_ABSENT ? WATCHDOG_RESET : action);
        }
        builder_add(builder, "-action", "shutdown=pause,panic=pause,reboot=%s%s%s",
                reboots ? "reset" : "shutdown", watchdog ? ",watchdog=" : "",
                watchdog ? watchdog : "");
}

static void add_power_management(Builder *builder)
{
        const char *device = builder->q35 ? "ICH9-LPC" : "PIIX4_PM";
        const Pm *pm = &builder->config->pm;

        if (pm->suspend_to_mem.enabled != SWITCH_ABSENT)
                builder_add(builder, "-global", "%s.disable_s3=%d", device,
                        pm->suspend_to_mem.enabled == SWITCH_OFF);
        if (pm->suspend_to_disk.enabled != SWITCH_ABSENT)
                builder_add(builder, "-global", "%s.disable_s4=%d", device,
                        pm->suspend_to_disk.enabled == SWITCH_OFF);
}

static void add_boot(Builder *builder)
{
        const Os *os = &builder->config->os;
        g_autoptr(GString) text = g_string_new(NULL);

        if (os->bootmenu.enable != SWITCH_ABSENT)
                g_string_append_printf(
                        text, "menu=%s,", os->bootmenu.enable == SWITCH_ON ? "on" : "off");
        if (os->bootmenu.enable == SWITCH_ON && os->bootmenu.timeout.set)
                g_string_append_printf(
                        text, "splash-time=%" G_GINT64_FORMAT ",", os->bootmenu.timeout.value);
        if (os->bios.reboot_timeout.set)
                g_string_append_printf(text, "reboot-timeout=%" G_GINT64_FORMAT ",",
                        os->bios.reboot_timeout.value);
        g_string_append(text, "strict=on");
        builder_add(builder, "-boot", "%s", text->str);
        if (os->kernel)
                builder_add(builder, "-kernel", "%s", os->kernel);
        if (os->initrd)
                builder_add(builder, "-initrd", "%s", os->initrd);
        if (os->cmdline)
                builder_add(builder, "-append", "%s", os->cmdline);
        if (os->dtb)
                builder_add(builder, "-dtb", "%s", os->dtb);
}

void qemu_command_prepare(DomainConfig *config, const char *runtime_directory)
{
        for (size_t i = 0; i < config->devices.n_channels; i++) {
                Chardev *channel = config->devices.channels[i];

                if (channel->type != CHARDEV_UNIX || channel->unix_.path)
                        continue;
                channel->unix_.path = channel->target.name ?
                        g_build_filename(runtime_directory, channel->target.name, NULL) :
                        g_strdup_printf("%s/channel%zu", runtime_directory, i);
                if (channel->unix_.mode == CHARDEV_MODE_ABSENT)
                        channel->unix_.mode = CHARDEV_MODE_BIND;
        }
}

static QemuCommand *builder_finish(Builder *builder)
{
        QemuCommand *command = g_new(QemuCommand, 1);

        g_ptr_array_add(builder->argv, NULL);
        g_ptr_array_add(builder->envp, NULL);
        *command = (QemuCommand){ .n_fds = builder->fds->len };
        command->argv = (char **)g_ptr_array_free(builder->argv, FALSE);
        command->envp = (char **)g_ptr_array_free(builder->envp, FALSE);
        command->fds = (ChildFd *)g_array_free(builder->fds, FALSE);
        return command;
}

int qemu_command_build(const DomainConfig *config, const QemuBinary *binary,
        const QemuRuntime *runtime, QemuCommand **ret, GError **error)
{
        Builder builder = { .config = config, .binary = binary, .runtime = runtime };
        g_autofree char *name = builder_escape(config->name);
        int monitor, r;

        builder.machine = qemu_binary_machine(binary, config->os.type.machine);
        if (!builder.machine)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Emulator '%s' does not support machine type '%s'", binary->path,
                        config->os.type.machine);
        builder.q35 = strstr(builder.machine->name, "q35") != NULL;
        builder.argv = g_ptr_array_new_with_free_func(g_free);
        builder.envp = g_ptr_array_new_with_free_func(g_free);
        builder.fds = g_array_new(FALSE, FALSE, sizeof(ChildFd));
        find_boot_devices(&builder);

        g_ptr_array_add(builder.argv, g_strdup(binary->path));
        builder_add(&builder, "-name", "guest=%s,debug-threads=on", name);
        g_ptr_array_add(builder.argv, g_strdup("-S"));
        if (binary->has_sandbox)
                builder_add(&builder, "-sandbox",
                        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        g_ptr_array_add(builder.argv, g_strdup("-no-user-config"));
        g_ptr_array_add(builder.argv, g_strdup("-nodefaults"));
        builder_add(&builder, "-display", "none");
        builder_add(&builder, "-uuid", "%s", config->uuid);
        monitor = builder_fd(&builder, QEMU_FD_MONITOR, NULL, 0);
        builder_add(
                &builder, "-chardev", "socket,id=charmonitor,fd=%d,server=on,wait=off", monitor);
        builder_add(&builder, "-mon", "chardev=charmonitor,id=monitor,mode=control");

        add_firmware(&builder);
        add_machine(&builder);
        add_cpu(&builder);
        add_memory(&builder);
        add_smp(&builder);
        add_clock(&builder);
        add_actions(&builder);
        add_power_management(&builder);
        add_boot(&builder);
        command_add_controllers(&builder);
        command_add_hubs(&builder);
        command_add_disks(&builder);
        r = command_add_interfaces(&builder, error);
        command_add_chardevs(&builder);
        command_add_graphics(&builder);
        command_add_devices(&builder);
        builder_add(&builder, "-msg", "timestamp=on");

        *ret = builder_finish(&builder);
        if (r < 0)
                *ret = qemu_command_free(*ret);
        return r;
}

QemuCommand *qemu_command_free(QemuCommand *command)
{
        if (!command)
                return NULL;
        g_strfreev(command->argv);
        g_strfreev(command->envp);
        g_free(command->fds);
        g_free(command);
        return NULL;
}
