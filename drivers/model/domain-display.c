/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* Graphics, video and sound, in the order in which libvirt writes what is in them. */

/* ---- graphics ------------------------------------------------------------------------------- */

static const BindRow graphics_listen_rows[] = {
        ATTRIBUTE("type", GraphicsListen, type, ENUM(listen_type_names), REQUIRED),
        ATTRIBUTE("address", GraphicsListen, address, STRING),
        ATTRIBUTE("network", GraphicsListen, network, STRING),
        ATTRIBUTE("socket", GraphicsListen, socket, STRING),
        BIND_END,
};
static const BindType graphics_listen_type = BIND_TYPE(GraphicsListen, graphics_listen_rows);

/* A port that was chosen at start is not configuration. */
static bool vnc_port_is_live(const void *object, unsigned flags)
{
        const Graphics *graphics = object;

        return (flags & BIND_INACTIVE) && graphics->vnc.autoport == SWITCH_ON;
}

static const BindRow graphics_vnc_rows[] = {
        ATTRIBUTE("port", Graphics, vnc.port, NUMBER(-1, UINT16_MAX),
                OMIT(vnc_port_is_live, .instead = "-1")),
        ATTRIBUTE("autoport", Graphics, vnc.autoport, YES_NO),
        ATTRIBUTE("websocket", Graphics, vnc.websocket, NUMBER(-1, UINT16_MAX)),
        ATTRIBUTE("socket", Graphics, vnc.socket, STRING),
        ATTRIBUTE("listen", Graphics, vnc.listen, STRING),
        ATTRIBUTE("keymap", Graphics, vnc.keymap, STRING),
        ATTRIBUTE("sharePolicy", Graphics, vnc.share_policy, ENUM(vnc_share_names)),
        ATTRIBUTE("powerControl", Graphics, vnc.power_control, YES_NO),
        ATTRIBUTE("connected", Graphics, vnc.connected, ENUM(password_connected_names)),
        BIND_END,
};

static bool spice_port_is_live(const void *object, unsigned flags)
{
        const Graphics *graphics = object;

        return (flags & BIND_INACTIVE) && graphics->spice.autoport == SWITCH_ON;
}

static bool rdp_port_is_live(const void *object, unsigned flags)
{
        const Graphics *graphics = object;

        return (flags & BIND_INACTIVE) && graphics->rdp.autoport == SWITCH_ON;
}

static const BindRow spice_channel_rows[] = {
        ATTRIBUTE("name", SpiceChannel, name,
                WORDS("main, display, inputs, cursor, playback, record, smartcard, usbredir"),
                REQUIRED),
        ATTRIBUTE("mode", SpiceChannel, mode, WORDS("any, secure, insecure"), REQUIRED),
        BIND_END,
};
const BindType spice_channel_type = BIND_TYPE(SpiceChannel, spice_channel_rows);

static const BindRow gl_rows[] = {
        ATTRIBUTE("enable", GraphicsGl, enable, YES_NO),
        ATTRIBUTE("rendernode", GraphicsGl, rendernode, STRING),
        BIND_END,
};
static const BindType gl_type = BIND_TYPE(GraphicsGl, gl_rows);

static const BindRow graphics_spice_rows[] = {
        ATTRIBUTE("port", Graphics, spice.port, NUMBER(-1, UINT16_MAX), OMIT(spice_port_is_live)),
        ATTRIBUTE("tlsPort", Graphics, spice.tls_port, NUMBER(-1, UINT16_MAX),
                OMIT(spice_port_is_live)),
        ATTRIBUTE("autoport", Graphics, spice.autoport, YES_NO),
        ATTRIBUTE("listen", Graphics, spice.listen, STRING),
        ATTRIBUTE("keymap", Graphics, spice.keymap, STRING),
        ATTRIBUTE("defaultMode", Graphics, spice.default_mode, WORDS("any, secure, insecure")),
        ATTRIBUTE("connected", Graphics, spice.connected, ENUM(password_connected_names)),
        { BIND_NAMED(BIND_PLACE_LIST, "channel", Graphics, spice.channels),
                .count_offset = offsetof(Graphics, spice.n_channels), .type = &spice_channel_type },
        LEAF("image", "compression", Graphics, spice.image_compression,
                WORDS("auto_glz, auto_lz, quic, glz, lz, off"), REQUIRED),
        LEAF("jpeg", "compression", Graphics, spice.jpeg_compression, WORDS("auto, never, always"),
                REQUIRED),
        LEAF("zlib", "compression", Graphics, spice.zlib_compression, WORDS("auto, never, always"),
                REQUIRED),
        LEAF("playback", "compression", Graphics, spice.playback_compression, ON_OFF, REQUIRED),
        LEAF("streaming", "mode", Graphics, spice.streaming_mode, WORDS("filter, all, off"),
                REQUIRED),
        LEAF("mouse", "mode", Graphics, spice.mouse_mode, WORDS("server, client"), REQUIRED),
        LEAF("clipboard", "copypaste", Graphics, spice.clipboard, YES_NO, REQUIRED),
        LEAF("filetransfer", "enable", Graphics, spice.file_transfer, YES_NO, REQUIRED),
        CHILD("gl", Graphics, spice.gl, gl_type),
        BIND_END,
};
static const BindRow graphics_rdp_rows[] = {
        ATTRIBUTE("port", Graphics, rdp.port, NUMBER(-1, UINT16_MAX),
                OMIT(rdp_port_is_live, .instead = "0")),
        ATTRIBUTE("autoport", Graphics, rdp.autoport, YES_NO),
        ATTRIBUTE("replaceUser", Graphics, rdp.replace_user, YES_NO),
        ATTRIBUTE("multiUser", Graphics, rdp.multi_user, YES_NO),
        ATTRIBUTE("listen", Graphics, rdp.listen, STRING),
        BIND_END,
};
static const BindRow graphics_sdl_rows[] = {
        ATTRIBUTE("display", Graphics, local.display, STRING),
        ATTRIBUTE("xauth", Graphics, local.xauth, STRING),
        ATTRIBUTE("fullscreen", Graphics, local.fullscreen, YES_NO),
        CHILD("gl", Graphics, local.gl, gl_type),
        BIND_END,
};
static const BindRow graphics_desktop_rows[] = {
        ATTRIBUTE("display", Graphics, local.display, STRING),
        ATTRIBUTE("fullscreen", Graphics, local.fullscreen, YES_NO),
        BIND_END,
};
static const BindRow graphics_egl_rows[] = {
        CHILD("gl", Graphics, local.gl, gl_type),
        BIND_END,
};
static const BindRow graphics_dbus_rows[] = {
        ATTRIBUTE("p2p", Graphics, local.p2p, YES_NO),
        ATTRIBUTE("address", Graphics, local.address, STRING),
        CHILD("gl", Graphics, local.gl, gl_type),
        BIND_END,
};
static const BindCase graphics_cases[] = {
        { GRAPHICS_VNC, graphics_vnc_rows },
        { GRAPHICS_SPICE, graphics_spice_rows },
        { GRAPHICS_RDP, graphics_rdp_rows },
        { GRAPHICS_SDL, graphics_sdl_rows },
        { GRAPHICS_DESKTOP, graphics_desktop_rows },
        { GRAPHICS_EGL_HEADLESS, graphics_egl_rows },
        { GRAPHICS_DBUS, graphics_dbus_rows },
        {},
};

static const BindRow graphics_rows[] = {
        ATTRIBUTE("type", Graphics, type, ENUM(graphics_type_names), REQUIRED),
        LIST("listen", Graphics, listens, graphics_listen_type),
        CASES(Graphics, type, graphics_cases),
        ATTRIBUTE("passwd", Graphics, passwd, STRING, SECRET),
        ATTRIBUTE("passwdValidTo", Graphics, passwd_valid_to, STRING),
        LEAF("audio", "id", Graphics, audio, NUMBER(1, UINT32_MAX), REQUIRED),
        REST,
        CHILD("alias", Graphics, alias, alias_type),
        BIND_END,
};
const BindType graphics_type = BIND_TYPE(Graphics, graphics_rows);

/* ---- video ---------------------------------------------------------------------------------- */

static const BindRow video_acceleration_rows[] = {
        ATTRIBUTE("accel2d", VideoAcceleration, accel2d, YES_NO),
        ATTRIBUTE("accel3d", VideoAcceleration, accel3d, YES_NO),
        ATTRIBUTE("rendernode", VideoAcceleration, rendernode, STRING),
        BIND_END,
};
static const BindType video_acceleration_type =
        BIND_TYPE(VideoAcceleration, video_acceleration_rows);

static const BindRow video_resolution_rows[] = {
        ATTRIBUTE("x", VideoResolution, x, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("y", VideoResolution, y, NUMBER(1, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType video_resolution_type = BIND_TYPE(VideoResolution, video_resolution_rows);

static const BindRow video_model_rows[] = {
        ATTRIBUTE("type", VideoModel, type, ENUM(video_type_names), REQUIRED),
        ATTRIBUTE("ram", VideoModel, ram, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vram", VideoModel, vram, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vram64", VideoModel, vram64, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vgamem", VideoModel, vgamem, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("heads", VideoModel, heads, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("primary", VideoModel, primary, YES_NO),
        ATTRIBUTE("blob", VideoModel, blob, ON_OFF),
        CHILD("acceleration", VideoModel, acceleration, video_acceleration_type),
        CHILD("resolution", VideoModel, resolution, video_resolution_type),
        BIND_END,
};
static const BindType video_model_type = BIND_TYPE(VideoModel, video_model_rows);

static const BindRow video_driver_rows[] = {
        ATTRIBUTE("name", VideoDriver, name, WORDS("qemu, vhostuser")),
        ATTRIBUTE("vgaconf", VideoDriver, vgaconf, WORDS("io, on, off")),
        GROUP(VideoDriver, virtio, virtio_options_rows),
        BIND_END,
};
static const BindType video_driver_type = BIND_TYPE(VideoDriver, video_driver_rows);

static const BindRow video_rows[] = {
        CHILD("driver", Video, driver, video_driver_type),
        CHILD("model", Video, model, video_model_type),
        REST,
        INFO(Video),
        BIND_END,
};
const BindType video_type = BIND_TYPE(Video, video_rows);

/* ---- sound ---------------------------------------------------------------------------------- */

static const BindRow codec_rows[] = {
        ATTRIBUTE("type", SoundCodec, type, WORDS("duplex, micro, output"), REQUIRED),
        BIND_END,
};
static const BindType codec_type = BIND_TYPE(SoundCodec, codec_rows);

static const BindRow sound_rows[] = {
        ATTRIBUTE("model", Sound, model, ENUM(sound_model_names), REQUIRED),
        LIST("codec", Sound, codecs, codec_type),
        LEAF("audio", "id", Sound, audio, NUMBER(1, UINT32_MAX), REQUIRED),
        REST,
        INFO(Sound),
        BIND_END,
};
const BindType sound_type = BIND_TYPE(Sound, sound_rows);

static const BindRow audio_settings_rows[] = {
        ATTRIBUTE("frequency", AudioSettings, frequency, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("channels", AudioSettings, channels, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("format", AudioSettings, format, WORDS("s8, u8, s16, u16, s32, u32, f32")),
        BIND_END,
};
static const BindType audio_settings_type = BIND_TYPE(AudioSettings, audio_settings_rows);

static const BindRow audio_direction_rows[] = {
        ATTRIBUTE("mixingEngine", AudioDirection, mixing_engine, YES_NO),
        ATTRIBUTE("fixedSettings", AudioDirection, fixed_settings, YES_NO),
        ATTRIBUTE("voices", AudioDirection, voices, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("bufferLength", AudioDirection, buffer_length, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("dev", AudioDirection, dev, STRING),
        ATTRIBUTE("tryPoll", AudioDirection, try_poll, YES_NO),
        ATTRIBUTE("bufferCount", AudioDirection, buffer_count, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("serverName", AudioDirection, server_name, STRING),
        ATTRIBUTE("clientName", AudioDirection, client_name, STRING),
        ATTRIBUTE("connectPorts", AudioDirection, connect_ports, STRING),
        ATTRIBUTE("exactName", AudioDirection, exact_name, YES_NO),
        ATTRIBUTE("name", AudioDirection, name, STRING),
        ATTRIBUTE("streamName", AudioDirection, stream_name, STRING),
        ATTRIBUTE("latency", AudioDirection, latency, NUMBER(1, UINT32_MAX)),
        CHILD("settings", AudioDirection, settings, audio_settings_type),
        BIND_END,
};
static const BindType audio_direction_type = BIND_TYPE(AudioDirection, audio_direction_rows);

static const BindRow audio_oss_rows[] = {
        ATTRIBUTE("tryMMap", Audio, try_mmap, YES_NO),
        ATTRIBUTE("exclusive", Audio, exclusive, YES_NO),
        ATTRIBUTE("dspPolicy", Audio, dsp_policy, NUMBER(-1, INT32_MAX)),
        BIND_END,
};
static const BindRow audio_pulseaudio_rows[] = {
        ATTRIBUTE("serverName", Audio, server_name, STRING),
        BIND_END,
};
static const BindRow audio_sdl_rows[] = {
        ATTRIBUTE("driver", Audio, driver, WORDS("esd, alsa, arts, pulseaudio")),
        BIND_END,
};
static const BindRow audio_file_rows[] = {
        ATTRIBUTE("path", Audio, path, STRING),
        BIND_END,
};
static const BindCase audio_cases[] = {
        { AUDIO_OSS, audio_oss_rows },
        { AUDIO_PULSEAUDIO, audio_pulseaudio_rows },
        { AUDIO_SDL, audio_sdl_rows },
        { AUDIO_FILE, audio_file_rows },
        {},
};
static const BindRow audio_rows[] = {
        ATTRIBUTE("id", Audio, id, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("type", Audio, type, ENUM(audio_type_names), REQUIRED),
        ATTRIBUTE("timerPeriod", Audio, timer_period, NUMBER(1, UINT32_MAX)),
        CASES(Audio, type, audio_cases),
        CHILD("input", Audio, input, audio_direction_type),
        CHILD("output", Audio, output, audio_direction_type),
        BIND_END,
};
const BindType audio_type = BIND_TYPE(Audio, audio_rows);
