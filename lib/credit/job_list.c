/*
 * job_list: subjects of a job as they are handed in, line by line.
 */
#include "credit/job_list.h"

#include "base/json.h"

#define LINE_MAX_BYTES 400

void
job_row_print(const struct job_row *row, struct buf *rows)
{
	char *at = buf_room(rows, JOB_ROW_LEN);

	memset(at, 0, JOB_ROW_LEN);
	memcpy(at, row->subject, USCC_LEN);
	memcpy(at + USCC_LEN, row->consent, strlen(row->consent));
	rows->len += JOB_ROW_LEN;
}

void
job_row_read(const char bytes[JOB_ROW_LEN], struct job_row *row)
{
	*row = (struct job_row){0};
	memcpy(row->subject, bytes, USCC_LEN);
	memcpy(row->consent, bytes + USCC_LEN, CONSENT_ID_MAX);
}

void
job_list_release(struct job_list *list)
{
	buf_release(&list->rest);
	buf_release(&list->rows);
}

static bool
read_object(struct span line, struct span *subject, struct span *consent,
    struct json **root)
{
	static const char *const members[] = {"subject", "consent", NULL};
	const struct json *named;

	*root = json_parse(line, NULL);
	*subject = json_text(json_find(*root, "subject"));
	named = json_find(*root, "consent");
	*consent = json_text(named);
	return json_is_object(*root) && json_has_only(*root, members, NULL) &&
	       (named == NULL || consent->len > 0);
}

static bool
read_cells(struct span line, struct span *subject, struct span *consent)
{
	const char *comma = memchr(line.ptr, ',', line.len);

	*consent = span_make(line.ptr, 0);
	*subject = line;
	if (comma == NULL)
		return true;
	subject->len = (size_t)(comma - line.ptr);
	*consent = span_make(comma + 1, line.len - subject->len - 1);
	return true;
}

static bool
read_row(struct span line, struct job_row *row)
{
	struct span subject, consent;
	struct json *root = NULL;
	bool ok = line.ptr[0] == '{'
		      ? read_object(line, &subject, &consent, &root)
		      : read_cells(line, &subject, &consent);

	*row = (struct job_row){0};
	ok = ok && uscc_check(subject) == USCC_OK &&
	     (consent.len == 0 || consent_id_is_valid(consent));
	if (ok) {
		memcpy(row->subject, subject.ptr, USCC_LEN);
		if (consent.len > 0)
			memcpy(row->consent, consent.ptr, consent.len);
	}
	json_free(root);
	return ok;
}

static bool
is_header(struct span line)
{
	return (line.len >= 7 && memcmp(line.ptr, "subject", 7) == 0) ||
	       (line.len >= 4 && memcmp(line.ptr, "uscc", 4) == 0);
}

static enum err
take_line(struct job_list *list, struct span line, struct why *why)
{
	struct job_row row;

	list->line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0 || (list->line == 1 && is_header(line)))
		return ERR_OK;
	if (line.len > LINE_MAX_BYTES || !read_row(line, &row))
		return why_set(why, ERR_INVALID,
		    "line %llu: a unified social credit code, and perhaps a "
		    "consent's id, is wanted",
		    (unsigned long long)list->line);
	if (list->count == list->most)
		return why_set(why, ERR_LIMIT, "more than %llu subjects",
		    (unsigned long long)list->most);
	list->count++;
	job_row_print(&row, &list->rows);
	return ERR_OK;
}

enum err
job_list_feed(struct job_list *list, struct span bytes, struct why *why)
{
	enum err err = ERR_OK;
	const char *at, *end, *next;
	size_t left;

	if (bytes.len == 0)
		return ERR_OK;
	buf_add(&list->rest, bytes.ptr, bytes.len);
	at = list->rest.data;
	end = at + list->rest.len;
	while (err == ERR_OK && at < end) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			break;
		err = take_line(list, span_make(at, (size_t)(next - at)), why);
		at = next + 1;
	}
	left = (size_t)(end - at);
	if (err == ERR_OK && left > LINE_MAX_BYTES)
		return why_set(why, ERR_INVALID, "line %llu is too long",
		    (unsigned long long)list->line + 1);
	if (left > 0)
		memmove(list->rest.data, at, left);
	list->rest.len = left;
	return err;
}

enum err
job_list_end(struct job_list *list, struct why *why)
{
	enum err err = ERR_OK;

	if (list->rest.len > 0)
		err = take_line(list, buf_span(&list->rest), why);
	buf_reset(&list->rest);
	if (err == ERR_OK && list->count == 0)
		return why_set(why, ERR_INVALID, "no subject in it");
	return err;
}
