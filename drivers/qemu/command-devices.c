/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The devices that are just devices. */

#include <string.h>

#include "drivers/qemu/builder.h"

static void set_mib(json_t *device, const char *key, Number kib)
{
        if (kib.set)
                json_object_set_new(device, key, json_integer(MAX(kib.value / 1024, 1)));
}

static void set_resolution(json_t *device, const VideoModel *model)
{
        json_set_number(device, "xres", model->resolution.x);
        json_set_number(device, "yres", model->resolution.y);
}

static json_t *virtio_video(Builder *builder, const Video *video, bool primary)
{
        bool vga = primary && qemu_binary_has_device(builder->binary, "virtio-vga");
        json_t *device = builder_device(vga ? "virtio-vga" : "virtio-gpu-pci");

        json_set_number(device, "max_outputs", video->model.heads);
        json_set_bool(device, "blob", video->model.blob);
        set_resolution(device, &video->model);
        json_set_virtio(device, &video->driver.virtio);
        return device;
}

static json_t *qxl_video(const Video *video, bool primary)
{
        const VideoModel *model = &video->model;
        json_t *device = builder_device(primary ? "qxl-vga" : "qxl");

        json_set_number(device, "max_outputs", model->heads);
        if (model->ram.set)
                json_object_set_new(device, "ram_size", json_integer(model->ram.value * 1024));
        if (model->vram.set)
                json_object_set_new(device, "vram_size", json_integer(model->vram.value * 1024));
        set_mib(device, "vram64_size_mb", model->vram64);
        set_mib(device, "vgamem_mb", model->vgamem);
        set_resolution(device, model);
        return device;
}

static json_t *video_device(Builder *builder, const Video *video, bool primary)
{
        json_t *device;

        switch (video->model.type) {
        case VIDEO_VIRTIO:
                return virtio_video(builder, video, primary);
        case VIDEO_QXL:
                return qxl_video(video, primary);
        case VIDEO_VGA:
                device = builder_device(primary ? "VGA" : "secondary-vga");
                set_mib(device, "vgamem_mb", video->model.vram);
                set_resolution(device, &video->model);
                return device;
        case VIDEO_VMVGA:
                device = builder_device("vmware-svga");
                set_mib(device, "vgamem_mb", video->model.vram);
                return device;
        case VIDEO_CIRRUS:
                return builder_device("cirrus-vga");
        case VIDEO_BOCHS:
                device = builder_device("bochs-display");
                if (video->model.vram.set)
                        json_object_set_new(
                                device, "vgamem", json_integer(video->model.vram.value * 1024));
                set_resolution(device, &video->model);
                return device;
        case VIDEO_RAMFB:
                return builder_device("ramfb");
        default:
                return NULL;
        }
}

static void add_videos(Builder *builder)
{
        const Devices *devices = &builder->config->devices;
        size_t first = 0;

        for (size_t i = 0; i < devices->n_videos; i++)
                if (devices->videos[i]->model.primary == SWITCH_ON)
                        first = i;
        for (size_t i = 0; i < devices->n_videos; i++) {
                json_t *device = video_device(builder, devices->videos[i], i == first);

                if (!device)
                        continue;
                builder_place(builder, device, &devices->videos[i]->info, NULL);
                builder_add_json(builder, "-device", device);
        }
}

static const char *input_driver(const Input *input)
{
        static const char *const usb[INPUT_MAX] = { [INPUT_MOUSE] = "usb-mouse",
                [INPUT_TABLET] = "usb-tablet",
                [INPUT_KEYBOARD] = "usb-kbd" };
        static const char *const virtio[INPUT_MAX] = { [INPUT_MOUSE] = "virtio-mouse",
                [INPUT_TABLET] = "virtio-tablet",
                [INPUT_KEYBOARD] = "virtio-keyboard" };

        if (input->bus == INPUT_BUS_USB)
                return usb[input->type];
        return input->bus == INPUT_BUS_VIRTIO ? virtio[input->type] : NULL;
}

static void add_inputs(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_inputs; i++) {
                const Input *input = devices->inputs[i];
                g_autofree char *driver = g_strdup(input_driver(input));
                json_t *device;

                if (!driver)
                        continue; /* PS/2 comes with the machine */
                if (input->bus == INPUT_BUS_VIRTIO) {
                        g_autofree char *base = g_steal_pointer(&driver);

                        driver = builder_virtio(base, input->model);
                }
                device = builder_device(driver);
                json_set_virtio(device, &input->driver.virtio);
                builder_place(builder, device, &input->info, NULL);
                builder_add_json(builder, "-device", device);
        }
}

const char *sound_driver(SoundModel model)
{
        static const char *const drivers[SOUND_MAX] = {
                [SOUND_SB16] = "sb16",
                [SOUND_ES1370] = "ES1370",
                [SOUND_AC97] = "AC97",
                [SOUND_ICH6] = "intel-hda",
                [SOUND_ICH9] = "ich9-intel-hda",
                [SOUND_USB] = "usb-audio",
        };

        return drivers[model];
}

/* The codecs of an HDA controller: those that are given, else one for both directions. */
static void add_codecs(Builder *builder, const Sound *sound)
{
        for (size_t i = 0; i < MAX(sound->n_codecs, 1); i++)
                builder_add_json(builder, "-device",
                        json_pack("{s:o,s:o,s:o,s:i,s:s}", "driver",
                                json_sprintf("hda-%s",
                                        sound->n_codecs ? sound->codecs[i]->type : "duplex"),
                                "id", json_sprintf("%s-codec%zu", sound->info.alias.name, i), "bus",
                                json_sprintf("%s.0", sound->info.alias.name), "cad", (int)i,
                                "audiodev", "audio1"));
}

static void add_sounds(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_sounds; i++) {
                const Sound *sound = devices->sounds[i];
                bool hda = sound->model == SOUND_ICH6 || sound->model == SOUND_ICH9;
                json_t *device;

                if (!sound_driver(sound->model))
                        continue;
                device = builder_device(sound_driver(sound->model));
                if (!hda)
                        json_set_text(device, "audiodev", "audio1");
                builder_place(builder, device, &sound->info, NULL);
                builder_add_json(builder, "-device", device);
                if (hda)
                        add_codecs(builder, sound);
        }
}

static void add_rngs(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_rngs; i++) {
                const Rng *rng = devices->rngs[i];
                g_autofree char *driver = builder_virtio("virtio-rng", rng->model);
                g_autofree char *id = g_strdup_printf("obj%s", rng->info.alias.name);
                json_t *device = builder_device(driver);

                if (rng->backend.model == RNG_BUILTIN)
                        builder_add_json(builder, "-object",
                                json_pack("{s:s,s:s}", "qom-type", "rng-builtin", "id", id));
                else
                        builder_add_json(builder, "-object",
                                json_pack("{s:s,s:s,s:s}", "qom-type", "rng-random", "id", id,
                                        "filename",
                                        rng->backend.path ? rng->backend.path : "/dev/urandom"));
                json_set_text(device, "rng", id);
                if (rng->rate.bytes.set) {
                        json_set_number(device, "max-bytes", rng->rate.bytes);
                        json_set_number(
                                device, "period", number(number_or(rng->rate.period, 1000)));
                }
                json_set_virtio(device, &rng->driver.virtio);
                builder_place(builder, device, &rng->info, NULL);
                builder_add_json(builder, "-device", device);
        }
}

static void add_memballoon(Builder *builder)
{
        static const VirtioModel models[MEMBALLOON_MAX] = {
                [MEMBALLOON_VIRTIO] = VIRTIO_PLAIN,
                [MEMBALLOON_VIRTIO_TRANSITIONAL] = VIRTIO_TRANSITIONAL,
                [MEMBALLOON_VIRTIO_NON_TRANSITIONAL] = VIRTIO_NON_TRANSITIONAL,
        };
        const Memballoon *balloon = builder->config->devices.memballoon;
        g_autofree char *driver = NULL;
        json_t *device;

        if (!balloon || models[balloon->model] == VIRTIO_ABSENT)
                return;
        driver = builder_virtio("virtio-balloon", models[balloon->model]);
        device = builder_device(driver);
        json_set_bool(device, "deflate-on-oom", balloon->autodeflate);
        json_set_bool(device, "free-page-reporting", balloon->free_page_reporting);
        json_set_virtio(device, &balloon->driver.virtio);
        builder_place(builder, device, &balloon->info, NULL);
        builder_add_json(builder, "-device", device);
}

static void add_watchdogs(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_watchdogs; i++) {
                const Watchdog *watchdog = devices->watchdogs[i];
                json_t *device;

                if (watchdog->model == WATCHDOG_ITCO) {
                        /* It is in the chipset, where a strap keeps it from biting. */
                        builder_add(builder, "-global", "ICH9-LPC.noreboot=off");
                        continue;
                }
                device = builder_device(enum_name(&watchdog_model_names, watchdog->model));
                builder_place(builder, device, &watchdog->info, NULL);
                builder_add_json(builder, "-device", device);
        }
}

/* qemu_command_check() has seen that they are ISA's. */
static void add_panics(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_panics; i++) {
                const DeviceInfo *info = &devices->panics[i]->info;
                json_t *device = builder_device("pvpanic");

                if (info->address.type == ADDRESS_ISA)
                        json_set_number(device, "ioport", info->address.isa.iobase);
                json_set_text(device, "id", info->alias.name);
                builder_add_json(builder, "-device", device);
        }
}

void command_add_devices(Builder *builder)
{
        const DomainConfig *config = builder->config;

        add_inputs(builder);
        add_videos(builder);
        add_sounds(builder);
        add_watchdogs(builder);
        add_memballoon(builder);
        add_rngs(builder);
        add_panics(builder);
        if (config->genid)
                builder_add_json(builder, "-device",
                        json_pack("{s:s,s:s,s:s}", "driver", "vmgenid", "guid", config->genid, "id",
                                "vmgenid0"));
        if (config->features.vmcoreinfo && config->features.vmcoreinfo->state != SWITCH_OFF)
                builder_add_json(builder, "-device", builder_device("vmcoreinfo"));
}
