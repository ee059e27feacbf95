/*
 * http_head: the check of a request head, and its strings.
 */
#include "wire/http_head.h"

#include <string.h>
#include <strings.h>

#define FAULT(status, text)                                                    \
	(struct http_fault)                                                    \
	{                                                                      \
		status, text                                                   \
	}
#define NO_FAULT FAULT(0, NULL)

/* Longest Content-Length that surely fits: 10^18 - 1. */
#define LENGTH_DIGITS_MAX 18

void
http_head_reset(struct http_head *head)
{
	struct buf text = head->text;

	buf_reset(&text);
	memset(head, 0, sizeof(*head));
	head->text = text;
}

void
http_head_release(struct http_head *head)
{
	buf_release(&head->text);
	memset(head, 0, sizeof(*head));
}

void
http_head_swap(struct http_head *a, struct http_head *b)
{
	struct http_head was = *a;

	*a = *b;
	*b = was;
}

const char *
http_head_method(const struct http_head *head)
{
	return head->text.len > 0 ? head->text.data + head->method : "";
}

const char *
http_head_target(const struct http_head *head)
{
	return head->text.len > 0 ? head->text.data + head->target : "";
}

const char *
http_head_find(const struct http_head *head, const char *name)
{
	unsigned i;

	for (i = 0; i < head->count; i++)
		if (strcmp(head->text.data + head->fields[i].name, name) == 0)
			return head->text.data + head->fields[i].value;
	return NULL;
}

static size_t
add_text(struct http_head *head, struct span text)
{
	size_t at = head->text.len;

	buf_add(&head->text, text.ptr, text.len);
	buf_char(&head->text, '\0');
	return at;
}

void
http_head_set_method(struct http_head *head, struct span method)
{
	head->method = add_text(head, method);
}

bool
http_head_set_target(struct http_head *head, struct span target)
{
	if (target.len > HTTP_URL_MAX)
		return false;
	head->target = add_text(head, target);
	return true;
}

bool
http_head_add(struct http_head *head, struct span name, struct span value)
{
	size_t at, i;

	if (head->count == HTTP_FIELDS_MAX ||
	    head->text.len + name.len + value.len > HTTP_HEAD_MAX)
		return false;
	at = add_text(head, name);
	for (i = at; i < at + name.len; i++)
		if (head->text.data[i] >= 'A' && head->text.data[i] <= 'Z')
			head->text.data[i] |= 0x20;
	head->fields[head->count].name = (uint32_t)at;
	head->fields[head->count].value = (uint32_t)add_text(head, value);
	head->count++;
	return true;
}

/* tchar of RFC 9110 section 5.6.2. */
static bool
is_token(struct span text)
{
	size_t i;
	char c;

	for (i = 0; i < text.len; i++) {
		c = text.ptr[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)
			return false;
	}
	return text.len > 0;
}

static bool
is_visible(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	return text.len > 0;
}

/* No control characters but HT: a CR here has no LF behind it. */
static bool
is_value(struct span text)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < text.len; i++) {
		c = (unsigned char)text.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct span
trim(struct span text)
{
	while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
		text.ptr++;
		text.len--;
	}
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' ||
				   text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool
is_word(struct span text, const char *word)
{
	return text.len == strlen(word) &&
	       strncasecmp(text.ptr, word, text.len) == 0;
}

/* Cut the line off that ends with CR LF; false when there is none. */
static bool
next_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	size_t len;

	if (end == NULL || end == rest->ptr || end[-1] != '\r')
		return false;
	len = (size_t)(end - rest->ptr) + 1;
	*line = span_make(rest->ptr, len - 2);
	rest->ptr += len;
	rest->len -= len;
	return true;
}

/* Cut off what stands before `mark`; false when there is no mark. */
static bool
split(struct span *rest, char mark, struct span *first)
{
	const char *at = memchr(rest->ptr, mark, rest->len);

	if (at == NULL)
		return false;
	*first = span_make(rest->ptr, (size_t)(at - rest->ptr));
	rest->len -= first->len + 1;
	rest->ptr = at + 1;
	return true;
}

static struct http_fault
check_request(struct http_head *head, struct span line)
{
	struct span method, target;

	if (!split(&line, ' ', &method) || !split(&line, ' ', &target))
		return FAULT(400, "malformed request line");
	if (!is_token(method))
		return FAULT(400, "malformed method");
	if (target.len > HTTP_URL_MAX)
		return FAULT(414, "URL longer than 4096 bytes");
	if (!is_visible(target) || target.ptr[0] != '/')
		return FAULT(400, "malformed request target");
	if (!span_is(line, "HTTP/1.1") && !span_is(line, "HTTP/1.0"))
		return FAULT(400, "unknown protocol version");
	head->minor = line.ptr[7] == '1' ? 1 : 0;
	head->is_last = head->minor == 0;
	return NO_FAULT;
}

static struct http_fault
check_length(struct http_head *head, struct span value)
{
	size_t i;

	if (head->has_length)
		return FAULT(400, "two Content-Lengths");
	if (value.len == 0 || value.len > LENGTH_DIGITS_MAX)
		return FAULT(400, "malformed Content-Length");
	for (i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return FAULT(400, "malformed Content-Length");
		head->length =
		    head->length * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	head->has_length = true;
	return NO_FAULT;
}

static struct http_fault
check_encoding(struct http_head *head, struct span value)
{
	if (head->is_chunked || !is_word(value, "chunked") || head->minor == 0)
		return FAULT(400, "Transfer-Encoding is not just chunked");
	head->is_chunked = true;
	return NO_FAULT;
}

static struct http_fault
check_host(struct http_head *head, struct span value)
{
	if (head->has_host || (value.len > 0 && !is_visible(value)))
		return FAULT(400, "malformed or second Host");
	head->has_host = true;
	return NO_FAULT;
}

static struct http_fault
check_expect(struct http_head *head, struct span value)
{
	if (!is_word(value, "100-continue"))
		return FAULT(417, "unknown expectation");
	head->expects = head->minor == 1;
	return NO_FAULT;
}

static struct http_fault
check_connection(struct http_head *head, struct span value)
{
	struct span word;

	while (split(&value, ',', &word))
		if (is_word(trim(word), "close"))
			head->is_last = true;
	if (is_word(trim(value), "close"))
		head->is_last = true;
	return NO_FAULT;
}

static const struct {
	const char *name;
	struct http_fault (*check)(struct http_head *head, struct span value);
} checks[] = {
    {"content-length", check_length},
    {"transfer-encoding", check_encoding},
    {"host", check_host},
    {"expect", check_expect},
    {"connection", check_connection},
};

static struct http_fault
check_field(struct http_head *head, struct span line)
{
	struct span name;
	size_t i;

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return FAULT(400, "folded header");
	if (!split(&line, ':', &name) || !is_token(name))
		return FAULT(400, "malformed header name");
	line = trim(line);
	if (!is_value(line))
		return FAULT(400, "control character in a header");
	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (is_word(name, checks[i].name))
			return checks[i].check(head, line);
	return NO_FAULT;
}

static struct http_fault
check_whole(const struct http_head *head)
{
	if (head->has_length && head->is_chunked)
		return FAULT(400, "Content-Length and Transfer-Encoding");
	if (head->minor == 1 && !head->has_host)
		return FAULT(400, "no Host");
	return NO_FAULT;
}

struct http_fault
http_head_check(struct http_head *head, struct span raw)
{
	struct http_fault fault;
	struct span line;
	unsigned count = 0;

	if (raw.len > HTTP_HEAD_MAX)
		return FAULT(431, "head longer than 16 KiB");
	if (!next_line(&raw, &line))
		return FAULT(400, "bare LF");
	fault = check_request(head, line);
	while (fault.text == NULL) {
		if (!next_line(&raw, &line))
			return FAULT(400, "bare LF");
		if (line.len == 0)
			break;
		if (++count > HTTP_FIELDS_MAX)
			return FAULT(431, "more than 64 header fields");
		fault = check_field(head, line);
	}
	if (fault.text != NULL)
		return fault;
	if (raw.len != 0)
		return FAULT(400, "bytes behind the head");
	return check_whole(head);
}
