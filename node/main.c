/*
 * rongxin-node: changes in, questions answered, trail kept, consents up.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "node/daemon.h"
#include "node/store.h"
#include "wire/http.h"

/* In the environment of a node that a damaged store made start again. */
#define STARTED_AGAIN "RX_STARTED_AGAIN"
#define KEPT_BYTES (16 << 20)

static void
on_signal(uv_signal_t *signal, int number)
{
	log_info("node.stopping", "signal=%d", number);
	uv_stop(signal->loop);
}

/* The certificate was renewed. */
static void
on_hangup(uv_signal_t *signal, int number)
{
	struct why why = {""};

	(void)number;
	if (daemon_open_http(signal->data, &why) == ERR_OK)
		log_info("node.renewed", "certificate=1");
	else
		log_error("node.renewed", "why=\"%s\"", why.text);
}

/* Until somebody asks it to stop. */
static void
wait_for_signal(struct daemon *daemon)
{
	uv_signal_t term, interrupt, hangup;
	uv_loop_t loop;

	uv_loop_init(&loop);
	uv_signal_init(&loop, &term);
	uv_signal_init(&loop, &interrupt);
	uv_signal_init(&loop, &hangup);
	hangup.data = daemon;
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_start(&interrupt, on_signal, SIGINT);
	uv_signal_start(&hangup, on_hangup, SIGHUP);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&term, NULL);
	uv_close((uv_handle_t *)&interrupt, NULL);
	uv_close((uv_handle_t *)&hangup, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

/* A damaged store is mended by a new start, which moves it aside and fetches
 * everything again.  Once: when that does not help, it is the disk. */
static void
start_again(char **argv)
{
	if (getenv(STARTED_AGAIN) != NULL || setenv(STARTED_AGAIN, "1", 1) != 0)
		return;
	log_warn("node.again", "why=\"the store is damaged\"");
	execv("/proc/self/exe", argv);
	log_error("node.failed", "why=\"cannot start again\"");
}

int
main(int argc, char **argv)
{
	struct daemon daemon = {0};
	struct why why = {""};
	bool damaged;
	enum err err;

	(void)argc;
	mem_keep(KEPT_BYTES);
	log_init("rongxin-node", LOG_INFO);
	err = settings_load(
	    node_setting_rows, &daemon.settings, "RONGXIN_NODE", argv, &why);
	if (err == ERR_SEEN)
		return 0;
	if (err != ERR_OK) {
		fprintf(stderr, "rongxin-node: %s\n", why.text);
		return 2;
	}
	log_init("rongxin-node", log_level_of(daemon.settings.log_level));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);  /* until there is a certificate to renew */
	signal(SIGXFSZ, SIG_IGN); /* a write that fails must tell the trail */
	err = daemon_open(&daemon, &why);
	if (err == ERR_OK) {
		log_info(
		    "node.ready", "port=%u", http_server_port(daemon.http));
		wait_for_signal(&daemon);
	} else {
		log_error("node.failed", "why=\"%s\"", why.text);
	}
	damaged =
	    daemon.node.store != NULL && store_is_damaged(daemon.node.store);
	daemon_close(&daemon);
	if (damaged)
		start_again(argv);
	return err == ERR_OK && !damaged ? 0 : 1;
}
