/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is seen and heard of a guest: graphics, video, sound. */

#include "drivers/model/domain-device.h"

typedef struct GraphicsListen {
        Kept kept;
        ListenType type;
        char *address;
        char *network;
        char *socket;
} GraphicsListen;

typedef struct VncGraphics {
        Number port; /* -1 and absent: chosen at start, as with autoport='yes' */
        Switch autoport;
        Number websocket; /* -1: chosen at start */
        char *socket;     /* a path, the old form of <listen type='socket'/> */
        char *listen;     /* an address, the old form of <listen type='address'/> */
        char *keymap;
        VncSharePolicy share_policy;
        Switch power_control;
        PasswordConnected connected;
} VncGraphics;

typedef struct SpiceChannel {
        Kept kept;
        char *name; /* "main", "display", ... */
        char *mode; /* "any", "secure", "insecure" */
} SpiceChannel;

typedef struct GraphicsGl {
        Kept kept;
        Switch enable;
        char *rendernode;
} GraphicsGl;

typedef struct SpiceGraphics {
        Number port; /* as VNC's */
        Switch autoport;
        Number tls_port;
        char *listen;
        char *keymap;
        char *default_mode;
        PasswordConnected connected;
        SpiceChannel **channels;
        size_t n_channels;
        char *image_compression;
        char *jpeg_compression;
        char *zlib_compression;
        Switch playback_compression;
        char *streaming_mode;
        char *mouse_mode;
        Switch clipboard; /* clipboard/@copypaste */
        Switch file_transfer;
        GraphicsGl gl;
} SpiceGraphics;

typedef struct RdpGraphics {
        Number port;
        Switch autoport;
        Switch replace_user;
        Switch multi_user;
        char *listen;
} RdpGraphics;

/* sdl, desktop, egl-headless and dbus: a window on the host, or none. */
typedef struct LocalGraphics {
        char *display;
        char *xauth;
        Switch fullscreen;
        Switch p2p; /* dbus */
        char *address;
        GraphicsGl gl;
} LocalGraphics;

typedef struct Graphics {
        Kept kept;
        GraphicsType type;
        union {
                VncGraphics vnc;
                SpiceGraphics spice;
                RdpGraphics rdp;
                LocalGraphics local;
        };
        char *passwd; /* written with DOMAIN_XML_SECURE only */
        char *passwd_valid_to;
        GraphicsListen **listens;
        size_t n_listens;
        Number audio; /* the id of an <audio>: vnc, dbus */
        Alias alias;
} Graphics;

typedef struct VideoAcceleration {
        Kept kept;
        Switch accel2d;
        Switch accel3d;
        char *rendernode;
} VideoAcceleration;

typedef struct VideoResolution {
        Kept kept;
        Number x;
        Number y;
} VideoResolution;

typedef struct VideoModel {
        Kept kept;
        VideoType type;
        Number ram; /* KiB, as are the next three */
        Number vram;
        Number vram64;
        Number vgamem;
        Number heads;
        Switch primary;
        Switch blob;
        VideoAcceleration acceleration;
        VideoResolution resolution;
} VideoModel;

typedef struct VideoDriver {
        Kept kept;
        char *name;
        char *vgaconf;
        VirtioOptions virtio;
} VideoDriver;

typedef struct Video {
        Kept kept;
        VideoDriver driver;
        VideoModel model;
        DeviceInfo info;
} Video;

typedef struct SoundCodec {
        Kept kept;
        char *type; /* "duplex", "micro", "output" */
} SoundCodec;

typedef struct Sound {
        Kept kept;
        SoundModel model;
        SoundCodec **codecs;
        size_t n_codecs;
        Number audio; /* the id of an <audio> */
        DeviceInfo info;
} Sound;

typedef struct AudioSettings {
        Kept kept;
        Number frequency;
        Number channels;
        char *format;
} AudioSettings;

/* <input> or <output>; which attributes make sense depends on the type. */
typedef struct AudioDirection {
        Kept kept;
        Switch mixing_engine;
        Switch fixed_settings;
        Number voices;
        Number buffer_length; /* us */
        char *dev;            /* alsa, oss */
        Switch try_poll;      /* alsa, oss */
        Number buffer_count;  /* coreaudio, oss, sdl */
        char *server_name;    /* jack */
        char *client_name;
        char *connect_ports;
        Switch exact_name;
        char *name; /* pulseaudio */
        char *stream_name;
        Number latency; /* pulseaudio: us */
        AudioSettings settings;
} AudioDirection;

/* The host's side of sound devices. */
typedef struct Audio {
        Kept kept;
        Number id;
        AudioType type;
        Number timer_period; /* us */
        Switch try_mmap;     /* oss */
        Switch exclusive;
        Number dsp_policy;
        char *server_name; /* pulseaudio */
        char *driver;      /* sdl */
        char *path;        /* file */
        AudioDirection input;
        AudioDirection output;
} Audio;
