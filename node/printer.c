/*
 * printer: reports as signed JSON, HTML and PDF, beside the query loops.
 */
#include "node/printer.h"

#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"
#include "credit/imprint.h"
#include "node/former.h"
#include "node/typeset.h"

#define DESKS 2
#define WAITING_MAX 64
#define IDLE_MS 60000

/* One thread and what belongs to it. */
struct desk {
	struct worker *worker;
	struct typesetter *typesetter; /* made on its thread */
	struct signer *signer;
};

struct printer {
	struct desk desks[DESKS];
};

static enum err
sign_report(
    struct desk *desk, struct print_job *job, struct buf *jws, struct why *why)
{
	return jws_sign_with_key(
	    desk->signer, REPORT_TYPE, job->report, jws, why);
}

static enum err
set_page(struct desk *desk, struct print_job *job, const struct page *page,
    struct why *why)
{
	enum err err = ERR_OK;

	if (desk->typesetter == NULL)
		desk->typesetter = typesetter_new();
	if (job->form == PRINT_PDF)
		err = typeset(desk->typesetter, page, &job->out, why);
	else
		page_print_html(page, &job->out);
	if (err == ERR_OK)
		err = imprint_add(&job->out, desk->signer, why);
	return err;
}

/* By the catalogue at hand, or the former one that it names. */
static enum err
set_report(struct desk *desk, struct print_job *job,
    const struct page_seal *seal, struct why *why)
{
	struct catalog *former = NULL;
	struct page *page;
	enum err err = ERR_INVALID;

	if (job->former_folder != NULL) {
		former = former_open(job->former_folder, job->former, why);
		if (former == NULL)
			return ERR_MISSING;
	}
	page = page_new(job->report, former != NULL ? former : job->catalog,
	    seal, job->language, why);
	if (page != NULL)
		err = set_page(desk, job, page, why);
	page_free(page);
	catalog_free(former);
	return err;
}

static enum err
print_report(struct desk *desk, struct print_job *job, struct why *why)
{
	struct digest digest = digest_of(job->report);
	struct buf jws = {0}, detached = {0};
	char hex[DIGEST_HEX_LEN + 1];
	struct page_seal seal = {.digest = digest_print(&digest, hex)};
	enum err err = sign_report(desk, job, &jws, why);

	if (err == ERR_OK && !jws_detach(buf_span(&jws), &detached))
		err = ERR_CRYPTO;
	seal.signature = buf_cstr(&detached);
	if (err == ERR_OK)
		err = set_report(desk, job, &seal, why);
	buf_release(&jws);
	buf_release(&detached);
	return err;
}

static void
desk_on_job(void *context, void *argument)
{
	struct desk *desk = context;
	struct print_job *job = argument;
	struct why why = {""};

	if (job->form == PRINT_SIGNED)
		job->err = sign_report(desk, job, &job->out, &why);
	else if (job->page != NULL)
		job->err = set_page(desk, job, job->page, &why);
	else
		job->err = print_report(desk, job, &why);
	if (job->err != ERR_OK)
		log_error("print.failed", "why=\"%s\"", why.text);
	job->done(job->context);
}

struct printer *
printer_open(const char *sign_key, struct why *why)
{
	struct printer *printer = mem_new(sizeof(*printer));
	struct desk *desk;
	size_t i;

	for (i = 0; i < DESKS; i++) {
		desk = &printer->desks[i];
		desk->signer = signer_open(sign_key, why);
		if (desk->signer == NULL) {
			printer_close(printer);
			return NULL;
		}
		desk->worker =
		    worker_new("print", desk_on_job, NULL, IDLE_MS, desk);
	}
	return printer;
}

void
printer_close(struct printer *printer)
{
	size_t i;

	if (printer == NULL)
		return;
	for (i = 0; i < DESKS; i++) {
		if (printer->desks[i].worker != NULL)
			worker_stop(printer->desks[i].worker);
		worker_free(printer->desks[i].worker);
		typesetter_free(printer->desks[i].typesetter);
		signer_free(printer->desks[i].signer);
	}
	typesetters_end();
	mem_free(printer);
}

bool
printer_post(struct printer *printer, struct print_job *job)
{
	struct desk *best = &printer->desks[0];
	size_t i;

	for (i = 1; i < DESKS; i++) {
		if (worker_waiting(printer->desks[i].worker) <
		    worker_waiting(best->worker))
			best = &printer->desks[i];
	}
	return worker_post(best->worker, job, WAITING_MAX);
}

static const struct {
	const char *type, *full;
} forms[] = {
    [PRINT_JSON] = {"application/json", "application/json"},
    [PRINT_SIGNED] = {"application/jose", "application/jose"},
    [PRINT_HTML] = {"text/html", "text/html; charset=utf-8"},
    [PRINT_PDF] = {"application/pdf", "application/pdf"},
};

const char *
print_form_type(enum print_form form)
{
	return forms[form].full;
}

enum print_form
print_form_of(const char *accept)
{
	size_t i, len;

	while (accept != NULL && *accept != '\0') {
		accept += strspn(accept, " \t,");
		len = strcspn(accept, " \t,;");
		for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
			if (strlen(forms[i].type) == len &&
			    strncasecmp(accept, forms[i].type, len) == 0)
				return (enum print_form)i;
		}
		accept += strcspn(accept, ",");
	}
	return PRINT_JSON;
}

/* Chinese unless English is wanted more: it comes first. */
static bool
prefers_english(const char *languages)
{
	while (languages != NULL && *languages != '\0') {
		languages += strspn(languages, " \t,");
		if (strncasecmp(languages, "zh", 2) == 0)
			return false;
		if (strncasecmp(languages, "en", 2) == 0)
			return true;
		languages += strcspn(languages, ",");
	}
	return false;
}

enum page_language
print_language_of(const char *asked, const char *accept_language)
{
	bool english = prefers_english(asked != NULL ? asked : accept_language);

	return english ? PAGE_EN : PAGE_ZH;
}
