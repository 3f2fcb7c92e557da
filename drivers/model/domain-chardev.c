/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* Character devices, in the order in which libvirt writes what is in them. */

static const BindRow pty_source_rows[] = {
        ATTRIBUTE("path", PathSource, path, STRING, LIVE),
        LIST("seclabel", PathSource, seclabels, device_seclabel_type),
        BIND_END,
};
static const BindRow path_source_rows[] = {
        ATTRIBUTE("path", PathSource, path, STRING, REQUIRED),
        ATTRIBUTE("append", PathSource, append, ON_OFF),
        LIST("seclabel", PathSource, seclabels, device_seclabel_type),
        BIND_END,
};
static const BindRow unix_source_rows[] = {
        ATTRIBUTE("mode", UnixSource, mode, ENUM(chardev_mode_names)),
        ATTRIBUTE("path", UnixSource, path, STRING),
        CHILD("reconnect", UnixSource, reconnect, reconnect_type),
        LIST("seclabel", UnixSource, seclabels, device_seclabel_type),
        BIND_END,
};
static const BindRow tcp_source_rows[] = {
        ATTRIBUTE("mode", TcpSource, mode, ENUM(chardev_mode_names)),
        ATTRIBUTE("host", TcpSource, host, STRING),
        ATTRIBUTE("service", TcpSource, service, STRING, REQUIRED),
        ATTRIBUTE("tls", TcpSource, tls, YES_NO),
        CHILD("reconnect", TcpSource, reconnect, reconnect_type),
        BIND_END,
};
static const BindRow udp_source_rows[] = {
        ATTRIBUTE("mode", UdpSource, mode, ENUM(chardev_mode_names)),
        ATTRIBUTE("host", UdpSource, host, STRING),
        ATTRIBUTE("service", UdpSource, service, STRING),
        BIND_END,
};
static const BindRow channel_source_rows[] = {
        ATTRIBUTE("channel", NamedSource, channel, STRING, REQUIRED),
        BIND_END,
};
static const BindRow nmdm_source_rows[] = {
        ATTRIBUTE("master", NamedSource, master, STRING, REQUIRED),
        ATTRIBUTE("slave", NamedSource, slave, STRING, REQUIRED),
        BIND_END,
};
static const BindRow vdagent_source_rows[] = {
        LEAF("clipboard", "copypaste", VdagentSource, clipboard, YES_NO, REQUIRED),
        LEAF("mouse", "mode", VdagentSource, mouse, WORDS("server, client"), REQUIRED),
        BIND_END,
};
static const BindType pty_source_type = BIND_TYPE(PathSource, pty_source_rows);
static const BindType path_source_type = BIND_TYPE(PathSource, path_source_rows);
static const BindType unix_source_type = BIND_TYPE(UnixSource, unix_source_rows);
static const BindType tcp_source_type = BIND_TYPE(TcpSource, tcp_source_rows);
static const BindType udp_source_type = BIND_TYPE(UdpSource, udp_source_rows);
static const BindType channel_source_type = BIND_TYPE(NamedSource, channel_source_rows);
static const BindType nmdm_source_type = BIND_TYPE(NamedSource, nmdm_source_rows);
static const BindType vdagent_source_type = BIND_TYPE(VdagentSource, vdagent_source_rows);

static const BindRow chardev_protocol_rows[] = {
        ATTRIBUTE("type", ChardevProtocol, type, ENUM(chardev_protocol_names)),
        BIND_END,
};
static const BindType chardev_protocol_type = BIND_TYPE(ChardevProtocol, chardev_protocol_rows);

static const BindRow chardev_pty_rows[] = {
        CHILD("source", ChardevBackend, path, pty_source_type),
        BIND_END,
};
static const BindRow chardev_path_rows[] = {
        CHILD("source", ChardevBackend, path, path_source_type),
        BIND_END,
};
static const BindRow chardev_unix_rows[] = {
        CHILD("source", ChardevBackend, unix_, unix_source_type),
        BIND_END,
};
static const BindRow chardev_tcp_rows[] = {
        CHILD("source", ChardevBackend, tcp.source, tcp_source_type),
        CHILD("protocol", ChardevBackend, tcp.protocol, chardev_protocol_type),
        BIND_END,
};
static const BindRow chardev_udp_rows[] = {
        { BIND_NAMED(BIND_PLACE_LIST, "source", ChardevBackend, udp.sources),
                .count_offset = offsetof(ChardevBackend, udp.n_sources), .type = &udp_source_type },
        BIND_END,
};
static const BindRow chardev_channel_rows[] = {
        CHILD("source", ChardevBackend, named, channel_source_type),
        BIND_END,
};
static const BindRow chardev_nmdm_rows[] = {
        CHILD("source", ChardevBackend, named, nmdm_source_type),
        BIND_END,
};
static const BindRow chardev_vdagent_rows[] = {
        CHILD("source", ChardevBackend, vdagent, vdagent_source_type),
        BIND_END,
};
static const BindCase chardev_cases[] = {
        { CHARDEV_ABSENT, chardev_pty_rows }, /* what defaults make of it */
        { CHARDEV_PTY, chardev_pty_rows },
        { CHARDEV_DEV, chardev_path_rows },
        { CHARDEV_FILE, chardev_path_rows },
        { CHARDEV_PIPE, chardev_path_rows },
        { CHARDEV_UNIX, chardev_unix_rows },
        { CHARDEV_TCP, chardev_tcp_rows },
        { CHARDEV_UDP, chardev_udp_rows },
        { CHARDEV_SPICEPORT, chardev_channel_rows },
        { CHARDEV_DBUS, chardev_channel_rows },
        { CHARDEV_NMDM, chardev_nmdm_rows },
        { CHARDEV_VDAGENT, chardev_vdagent_rows },
        {},
};

const BindRow chardev_backend_rows[] = {
        ATTRIBUTE("type", ChardevBackend, type, ENUM(chardev_type_names)),
        CASES(ChardevBackend, type, chardev_cases),
        BIND_END,
};

/* The same fields, in a struct that begins with them behind its Kept. */
static_assert(offsetof(ChardevBackend, path) == offsetof(Chardev, path) - offsetof(Chardev, type),
        "a chardev has its backend in it");

static const BindRow chardev_log_rows[] = {
        ATTRIBUTE("file", ChardevLog, file, STRING, REQUIRED),
        ATTRIBUTE("append", ChardevLog, append, ON_OFF),
        BIND_END,
};
static const BindType chardev_log_type = BIND_TYPE(ChardevLog, chardev_log_rows);

static const BindRow chardev_target_model_rows[] = {
        ATTRIBUTE("name", ChardevTargetModel, name, STRING, REQUIRED),
        BIND_END,
};
static const BindType chardev_target_model_type =
        BIND_TYPE(ChardevTargetModel, chardev_target_model_rows);

static const BindRow port_target_rows[] = {
        ATTRIBUTE("type", ChardevTarget, type, ENUM(chardev_target_names)),
        ATTRIBUTE("port", ChardevTarget, port, NUMBER(0, INT32_MAX)),
        CHILD("model", ChardevTarget, model, chardev_target_model_type),
        BIND_END,
};
static const BindRow guestfwd_rows[] = {
        ATTRIBUTE("address", ChardevTarget, address, STRING),
        ATTRIBUTE("port", ChardevTarget, forward_port, NUMBER(0, UINT16_MAX)),
        BIND_END,
};
static const BindCase channel_target_cases[] = {
        { TARGET_GUESTFWD, guestfwd_rows },
        {},
};
static const BindRow channel_target_rows[] = {
        ATTRIBUTE("type", ChardevTarget, type, ENUM(chardev_target_names), REQUIRED),
        CASES(ChardevTarget, type, channel_target_cases),
        ATTRIBUTE("name", ChardevTarget, name, STRING),
        ATTRIBUTE("state", ChardevTarget, state, ENUM(channel_state_names), LIVE),
        BIND_END,
};
const BindType port_target_type = BIND_TYPE(ChardevTarget, port_target_rows);
static const BindType channel_target_type = BIND_TYPE(ChardevTarget, channel_target_rows);

static const BindRow chardev_rows[] = {
        GROUP(Chardev, type, chardev_backend_rows),
        ATTRIBUTE("tty", Chardev, tty, STRING, LIVE),
        CHILD("log", Chardev, log, chardev_log_type),
        REST,
        CHILD("target", Chardev, target, port_target_type),
        INFO(Chardev),
        BIND_END,
};
static const BindRow channel_rows[] = {
        GROUP(Chardev, type, chardev_backend_rows),
        CHILD("log", Chardev, log, chardev_log_type),
        REST,
        CHILD("target", Chardev, target, channel_target_type),
        INFO(Chardev),
        BIND_END,
};
const BindType chardev_type = BIND_TYPE(Chardev, chardev_rows);
const BindType channel_type = BIND_TYPE(Chardev, channel_rows);

/* ---- smartcards and redirection ------------------------------------------------------------- */

static const BindRow certificate_rows[] = {
        TEXT(SmartcardCertificate, name, STRING),
        BIND_END,
};
static const BindType certificate_type = BIND_TYPE(SmartcardCertificate, certificate_rows);

static const BindRow certificates_rows[] = {
        LIST("certificate", Smartcard, certificates, certificate_type),
        ELEMENT("database", Smartcard, database, STRING),
        BIND_END,
};
static const BindRow passthrough_rows[] = {
        GROUP(Smartcard, backend, chardev_backend_rows),
        BIND_END,
};
static const BindCase smartcard_cases[] = {
        { SMARTCARD_HOST_CERTIFICATES, certificates_rows },
        { SMARTCARD_PASSTHROUGH, passthrough_rows },
        {},
};
static const BindRow smartcard_rows[] = {
        ATTRIBUTE("mode", Smartcard, mode, ENUM(smartcard_mode_names), REQUIRED),
        CASES(Smartcard, mode, smartcard_cases),
        REST,
        INFO(Smartcard),
        BIND_END,
};
const BindType smartcard_type = BIND_TYPE(Smartcard, smartcard_rows);

static const BindRow redirdev_rows[] = {
        ATTRIBUTE("bus", RedirectedDevice, bus, WORDS("usb")),
        GROUP(RedirectedDevice, backend, chardev_backend_rows),
        REST,
        INFO(RedirectedDevice),
        BIND_END,
};
const BindType redirdev_type = BIND_TYPE(RedirectedDevice, redirdev_rows);

#define USB_NUMBER(digits_, max_) NUMBER(-1, max_), .digits = digits_

static const BindRow usbdev_rows[] = {
        ATTRIBUTE("class", RedirectionRule, class, USB_NUMBER(2, 0xff)),
        ATTRIBUTE("vendor", RedirectionRule, vendor, USB_NUMBER(4, 0xffff)),
        ATTRIBUTE("product", RedirectionRule, product, USB_NUMBER(4, 0xffff)),
        ATTRIBUTE("version", RedirectionRule, version, STRING),
        ATTRIBUTE("allow", RedirectionRule, allow, YES_NO, REQUIRED),
        BIND_END,
};
static const BindType usbdev_type = BIND_TYPE(RedirectionRule, usbdev_rows);

static const BindRow redirfilter_rows[] = {
        LIST("usbdev", RedirectionFilter, rules, usbdev_type),
        BIND_END,
};
const BindType redirfilter_type = BIND_TYPE(RedirectionFilter, redirfilter_rows);
