/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/graphics.h"

#include <fcntl.h>
#include <string.h>

#include "drivers/model/domain.h"
#include "drivers/wire/names.h"

#define CONNECT_DEADLINE (30 * G_USEC_PER_SEC)

typedef struct Place {
        const char *host;
        int64_t port;
} Place;

/* Suspends. The domain as it runs. */
static int read_document(RemoteLink *link, const Object *domain, DomainConfig **ret, GError **error)
{
        g_auto(RemoteCall) call = { 0 };
        WireDomainGetXmlDescArgs args = { 0 };
        int r;

        wire_name('D', domain, &args.dom);
        r = remote_call(&call, link, WIRE_DOMAIN_GET_XML_DESC, &args, error);
        wire_clear("D", &args.dom);
        if (r < 0)
                return -1;
        return domain_config_parse(((WireDomainGetXmlDescRet *)call.ret.bytes)->xml, 0, ret, error);
}

static Place place_of(const Graphics *graphics)
{
        Place place = { .host = "127.0.0.1" };
        const char *old = NULL;

        if (graphics->type == GRAPHICS_VNC) {
                place.port = number_or(graphics->vnc.port, -1);
                old = graphics->vnc.listen;
        } else if (graphics->type == GRAPHICS_SPICE) {
                place.port = number_or(graphics->spice.port, -1);
                old = graphics->spice.listen;
        }
        if (graphics->n_listens > 0 && graphics->listens[0]->address)
                old = graphics->listens[0]->address;
        /* One that listens on all addresses is to be had on the nearest one. */
        if (old && strcmp(old, "0.0.0.0") != 0 && strcmp(old, "::") != 0)
                place.host = old;
        return place;
}

int remote_open_graphics(RemoteConnection *self, RemoteLink *link, const Object *domain,
        unsigned index, int *ret, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        Place place;

        if (!self->transport->connect_port)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "%s: graphics are not to be had over the transport '%s'",
                        self->target->uri->text, self->transport->name);
        if (read_document(link, domain, &config, error) < 0)
                return -1;
        if (index >= config->devices.n_graphics)
                return error_set(error, ERROR_INVALID_ARG,
                        "there is no graphics device with index %u", index);
        place = place_of(config->devices.graphics[index]);
        if (place.port <= 0 || place.port > UINT16_MAX)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "graphics device %u of '%s' has no port that could be reached", index,
                        config->name);
        if (self->transport->connect_port(self->target, place.host, place.port,
                    fiber_deadline(CONNECT_DEADLINE), ret, error) < 0)
                return -1;
        /* Who gets it may rely on waiting. */
        fcntl(*ret, F_SETFL, fcntl(*ret, F_GETFL) & ~O_NONBLOCK);
        return 0;
}
