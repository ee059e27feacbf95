/*
 * rongxin-hub: feeds in, ledger kept, changes out.
 */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/door.h"
#include "hub/hub.h"
#include "hub/settings.h"

#define WATCH_MS 1000
#define EXPIRE_SECONDS 3600
#define DAY_SECONDS 86400

static void
on_signal(uv_signal_t *handle, int number)
{
	log_info("hub.stop", "signal=%d", number);
	uv_stop(handle->loop);
}

/* The certificate was renewed. */
static void
on_hangup(uv_signal_t *handle, int number)
{
	struct why why = {""};

	(void)number;
	if (door_open(handle->data, &why) == ERR_OK)
		log_info("hub.renewed", "certificate=1");
	else
		log_error("hub.renewed", "why=\"%s\"", why.text);
}

/* Without its private database the hub cannot go on, nor beside another that
 * works in its place; who supervises it starts it again. */
static void
on_watch(uv_timer_t *timer)
{
	struct hub *hub = timer->data;

	keeper_tick(hub->keeper, clock_now_us());
	if (tenure_is_over(hub->tenure))
		uv_stop(timer->loop);
	if (hub->cluster == NULL || cluster_is_running(hub->cluster))
		return;
	log_error("cluster.gone", "why=PostgreSQL ended by itself");
	uv_stop(timer->loop);
}

/* Half uploads that nobody goes on with. */
static void
on_expire(uv_timer_t *timer)
{
	struct hub *hub = timer->data;
	size_t count =
	    spool_expire(hub->spool, hub->settings.upload_days * DAY_SECONDS);

	if (count > 0)
		log_info("spool.expire", "uploads=%zu", count);
}

static void
close_handle(uv_handle_t *handle, void *argument)
{
	(void)argument;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Until a signal comes, or the database ends. */
static void
run(struct hub *hub)
{
	uv_signal_t term, interrupt, hangup;
	uv_timer_t watch, expire;
	uv_loop_t loop;

	uv_loop_init(&loop);
	uv_signal_init(&loop, &term);
	uv_signal_init(&loop, &interrupt);
	uv_signal_init(&loop, &hangup);
	hangup.data = hub;
	uv_timer_init(&loop, &watch);
	uv_timer_init(&loop, &expire);
	watch.data = hub;
	expire.data = hub;
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_start(&interrupt, on_signal, SIGINT);
	uv_signal_start(&hangup, on_hangup, SIGHUP);
	uv_timer_start(&watch, on_watch, WATCH_MS, WATCH_MS);
	uv_timer_start(&expire, on_expire, 0, EXPIRE_SECONDS * 1000);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_walk(&loop, close_handle, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

int
main(int argc, char **argv)
{
	struct hub hub = {0};
	struct why why = {0};
	bool ended_by_itself = false;
	enum err err;

	(void)argc;
	log_init("rongxin-hub", LOG_INFO);
	err = settings_load(
	    hub_setting_rows, &hub.settings, "RONGXIN_HUB", argv, &why);
	if (err == ERR_SEEN)
		return 0;
	if (err != ERR_OK) {
		fprintf(stderr, "rongxin-hub: %s\n", why.text);
		return 2;
	}
	log_init("rongxin-hub", log_level_of(hub.settings.log_level));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until there is a certificate to renew */
	err = hub_open(&hub, &why);
	if (err == ERR_OK) {
		log_info("hub.start", "listen=%s port=%u", hub.settings.listen,
		    http_server_port(hub.http));
		run(&hub);
		ended_by_itself =
		    tenure_is_over(hub.tenure) ||
		    (hub.cluster != NULL && !cluster_is_running(hub.cluster));
	} else {
		log_error("hub.failed", "why=%s", why.text);
	}
	hub_close(&hub);
	settings_release(hub_setting_rows, &hub.settings);
	return err != ERR_OK || ended_by_itself ? 1 : 0;
}
