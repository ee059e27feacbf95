/*
 * door: where the hub is reached.
 */
#include "hub/door.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "hub/endpoints.h"

#define PATH_SIZE 1024

enum err
door_open(struct hub *hub, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE], ca[PATH_SIZE];
	struct http_settings settings = {.listen = hub->settings.listen,
	    .cert = cert,
	    .key = key,
	    .ca = ca,
	    .workers = (unsigned)hub->settings.http_workers,
	    .limits = hub->settings.limits,
	    .routes = endpoints,
	    .context = hub};

	if (strlen(hub->settings.stem) + 5 > PATH_SIZE)
		return why_set(why, ERR_LIMIT, "stem: path too long");
	snprintf(cert, sizeof(cert), "%s.crt", hub->settings.stem);
	snprintf(key, sizeof(key), "%s.key", hub->settings.stem);
	file_path(ca, sizeof(ca), hub->settings.folder, "ca.pem");
	if (hub->http != NULL)
		return http_server_renew(hub->http, &settings, why);
	hub->http = http_server_open(&settings, why);
	return hub->http != NULL ? ERR_OK : ERR_NETWORK;
}

enum err
door_announce(struct hub *hub, struct why *why)
{
	struct buf text = {0}, listen = {0};
	struct json_out json = {.buf = &text};
	enum err err;

	if (hub->settings.ready_file[0] == '\0')
		return ERR_OK;
	http_server_address(hub->http, &listen);
	json_open_object(&json, NULL);
	json_put_text(&json, "listen", buf_span(&listen));
	json_put_cstr(&json, "live", bus_live_endpoint(hub->bus));
	json_put_cstr(&json, "fetch", bus_fetch_endpoint(hub->bus));
	json_put_cstr(&json, "pg", hub_conninfo(hub));
	json_put_int(&json, "pid", getpid());
	json_close_object(&json);
	buf_char(&text, '\n');
	err =
	    file_replace(hub->settings.ready_file, buf_span(&text), 0644, why);
	buf_release(&text);
	buf_release(&listen);
	return err;
}
