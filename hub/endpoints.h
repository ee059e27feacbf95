/*
 * endpoints: the hub's HTTP paths (docs/PROTOCOL.md, section 7).
 *
 * One handler a path; they run on http loops and never block.
 */
#ifndef HUB_ENDPOINTS_H
#define HUB_ENDPOINTS_H

#include "wire/http.h"

/* The table for http_server_open; its context is struct hub. */
extern const struct http_route endpoints[];

/* endpoints_feed.c */
bool feed_on_open(struct http_exchange *exchange, void *context);

/* endpoints_content.c */
bool content_on_open(struct http_exchange *exchange, void *context);
void content_on_drop(struct http_exchange *exchange, void *context);
void content_on_held(struct http_exchange *exchange, void *context);
void content_on_commit(struct http_exchange *exchange, void *context);

/* endpoints_findings.c */
void feed_on_receipt(struct http_exchange *exchange, void *context);
void feed_on_findings(struct http_exchange *exchange, void *context);
void feed_on_open_findings(struct http_exchange *exchange, void *context);
void feed_on_quality(struct http_exchange *exchange, void *context);
void feed_on_conflicts(struct http_exchange *exchange, void *context);

/* endpoints_assessment.c */
void assessment_on_read(struct http_exchange *exchange, void *context);
void assessment_on_publish(struct http_exchange *exchange, void *context);
void assessment_on_weights(struct http_exchange *exchange, void *context);
void assessment_on_new_weights(struct http_exchange *exchange, void *context);

/* endpoints_alert.c */
void alert_on_list(struct http_exchange *exchange, void *context);
void alert_on_acknowledge(struct http_exchange *exchange, void *context);
void alert_on_rules(struct http_exchange *exchange, void *context);
void alert_on_new_rule(struct http_exchange *exchange, void *context);
void alert_on_messages(struct http_exchange *exchange, void *context);
void alert_on_retry(struct http_exchange *exchange, void *context);

/* endpoints_hold.c */
void hold_on_release(struct http_exchange *exchange, void *context);
void hold_on_refuse(struct http_exchange *exchange, void *context);
void hold_on_list(struct http_exchange *exchange, void *context);
void objection_on_list(struct http_exchange *exchange, void *context);
void objection_on_paper(struct http_exchange *exchange, void *context);
void objection_on_material(struct http_exchange *exchange, void *context);
void objection_on_act(struct http_exchange *exchange, void *context);

/* endpoints_ledger.c */
void ledger_on_subject(struct http_exchange *exchange, void *context);
void ledger_on_due(struct http_exchange *exchange, void *context);
void ledger_on_retention(struct http_exchange *exchange, void *context);

/* endpoints_control.c */
void control_on_catalogue(struct http_exchange *exchange, void *context);
void control_on_new_catalogue(struct http_exchange *exchange, void *context);
void control_on_batches(struct http_exchange *exchange, void *context);
void control_on_members(struct http_exchange *exchange, void *context);
void control_on_new_member(struct http_exchange *exchange, void *context);
void control_on_takeover(struct http_exchange *exchange, void *context);

/* endpoints_console.c */
void console_on_root(struct http_exchange *exchange, void *context);
void console_on_file(struct http_exchange *exchange, void *context);
void console_on_me(struct http_exchange *exchange, void *context);
void console_on_live(struct http_exchange *exchange, void *context);

/* endpoints_dept.c */
void dept_on_page(struct http_exchange *exchange, void *context);
void dept_on_base(struct http_exchange *exchange, void *context);
void dept_on_batches(struct http_exchange *exchange, void *context);
void dept_on_use(struct http_exchange *exchange, void *context);

/* endpoints_figures.c */
void application_on_list(struct http_exchange *exchange, void *context);
void application_on_new(struct http_exchange *exchange, void *context);
void application_on_verdict(struct http_exchange *exchange, void *context);
void protection_on_budgets(struct http_exchange *exchange, void *context);
void protection_on_clocks(struct http_exchange *exchange, void *context);
void protection_on_gaps(struct http_exchange *exchange, void *context);
void rehearsal_on_post(struct http_exchange *exchange, void *context);
void keys_on_list(struct http_exchange *exchange, void *context);
void keys_on_roll(struct http_exchange *exchange, void *context);
void figures_on_overview(struct http_exchange *exchange, void *context);
void figures_on_grid(struct http_exchange *exchange, void *context);
void figures_on_province(struct http_exchange *exchange, void *context);
void figures_on_platforms(struct http_exchange *exchange, void *context);
void figures_on_platform(struct http_exchange *exchange, void *context);
void figures_on_checkpoints(struct http_exchange *exchange, void *context);
void figures_on_departments(struct http_exchange *exchange, void *context);
void figures_on_trend(struct http_exchange *exchange, void *context);
void figures_on_usage(struct http_exchange *exchange, void *context);
void figures_on_actions(struct http_exchange *exchange, void *context);
void figures_on_catalogues(struct http_exchange *exchange, void *context);
void figures_on_catalogue(struct http_exchange *exchange, void *context);

/* endpoints_journal.c */
void journal_on_checkpoint(struct http_exchange *exchange, void *context);
void journal_on_tile(struct http_exchange *exchange, void *context);
void journal_on_entry(struct http_exchange *exchange, void *context);

/* endpoints_watch.c */
void watch_on_sources(struct http_exchange *exchange, void *context);
void watch_on_streams(struct http_exchange *exchange, void *context);
void watch_on_nodes(struct http_exchange *exchange, void *context);
void watch_on_checkpoint(struct http_exchange *exchange, void *context);
void watch_on_usage(struct http_exchange *exchange, void *context);
void watch_on_patterns(struct http_exchange *exchange, void *context);
void watch_on_manual(struct http_exchange *exchange, void *context);
void watch_on_metrics(struct http_exchange *exchange, void *context);
void watch_on_alive(struct http_exchange *exchange, void *context);
void watch_on_ready(struct http_exchange *exchange, void *context);

#endif
