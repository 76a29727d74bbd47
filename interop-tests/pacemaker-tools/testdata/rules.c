/*
 * Asks the reference's libpe_rules what it makes of rules and sets: a case a line
 * on standard input, an answer a line on standard output. A case is an element
 *
 *   <case now="..." role="0" first="..." overwrite="1" groups="0:4 0:2" of="...">
 *     <node/> <params/> <meta/>      nvpairs; without node, there is none
 *     <resource class="" provider="" type=""/> <operation name="" interval="ms"/>
 *     <rules/>                       rule elements, of which any may pass
 *     <sets/>                        instance_attributes
 *   </case>
 *
 * and an answer "passes|next|name=value ...". The declarations are those that the
 * library's users see; it comes without them.
 */
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct xml xml;
typedef struct table table;
typedef struct crm_time crm_time;

struct submatches { char *string; int count; regmatch_t *match; };
struct match { struct submatches *re; table *params; table *meta; };
struct resource { const char *standard, *provider, *agent; };
struct operation { const char *name; unsigned interval; };
struct input {
	table *node;
	int role;
	crm_time *now;
	struct match *match;
	struct resource *resource;
	struct operation *operation;
};

extern xml *string2xml(const char *text);
extern void free_xml(xml *x);
extern xml *first_named_child(const xml *parent, const char *name);
extern xml *crm_next_same_xml(const xml *sibling);
extern const char *crm_element_value(const xml *x, const char *name);
extern crm_time *crm_time_new(const char *text);
extern crm_time *crm_time_new_undefined(void);
extern char *crm_time_as_string(const crm_time *t, int flags);
extern void crm_time_free(crm_time *t);
extern int pe_eval_rules(xml *ruleset, struct input *in, crm_time *next);
extern void pe_eval_nvpairs(xml *top, const xml *of, const char *name, struct input *in, table *hash,
                            const char *first, int overwrite, crm_time *next);
extern table *pcmk__strkey_table(void (*free_key)(void *), void (*free_value)(void *));
extern int g_hash_table_insert(table *hash, void *key, void *value);
extern void g_hash_table_destroy(table *hash);
extern void g_hash_table_foreach(table *hash, void (*each)(void *, void *, void *), void *data);

static table *read_table(const xml *from)
{
	table *t = pcmk__strkey_table(free, free);

	for (xml *x = first_named_child(from, "nvpair"); x != NULL; x = crm_next_same_xml(x)) {
		g_hash_table_insert(t, strdup(crm_element_value(x, "name")), strdup(crm_element_value(x, "value")));
	}
	return t;
}

static char *lines[1000];
static int line_count;

static void collect(void *key, void *value, void *data)
{
	(void) data;
	if (line_count < 1000) {
		size_t n = strlen(key) + strlen(value) + 2;
		lines[line_count] = malloc(n);
		snprintf(lines[line_count++], n, "%s=%s", (char *) key, (char *) value);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void answer(xml *c)
{
	regmatch_t found[11];
	struct submatches re = { .match = found };
	struct match match = { 0 };
	struct resource resource = { 0 };
	struct operation operation = { 0 };
	struct input in = { .now = crm_time_new(crm_element_value(c, "now")), .role = atoi(crm_element_value(c, "role")) };
	crm_time *next = crm_time_new_undefined();
	table *result = pcmk__strkey_table(free, free);
	xml *x;
	char *text;

	for (int i = 0; i < 11; i++) {
		found[i].rm_so = found[i].rm_eo = -1;
	}
	if ((x = first_named_child(c, "node")) != NULL) {
		in.node = read_table(x);
	}
	if ((x = first_named_child(c, "params")) != NULL) {
		match.params = read_table(x);
		in.match = &match;
	}
	if ((x = first_named_child(c, "meta")) != NULL) {
		match.meta = read_table(x);
		in.match = &match;
	}
	if (crm_element_value(c, "groups") != NULL) {
		const char *at = crm_element_value(c, "groups");
		int used = 0, from, to;

		while (re.count < 10 && sscanf(at, "%d:%d%n", &from, &to, &used) == 2) {
			found[re.count].rm_so = from;
			found[re.count++].rm_eo = to;
			at += used;
		}
		re.string = (char *) crm_element_value(c, "of");
		match.re = &re;
		in.match = &match;
	}
	if ((x = first_named_child(c, "resource")) != NULL) {
		resource.standard = crm_element_value(x, "class");
		resource.provider = crm_element_value(x, "provider");
		resource.agent = crm_element_value(x, "type");
		in.resource = &resource;
	}
	if ((x = first_named_child(c, "operation")) != NULL) {
		operation.name = crm_element_value(x, "name");
		operation.interval = (unsigned) strtoul(crm_element_value(x, "interval"), NULL, 10);
		in.operation = &operation;
	}
	printf("%d|", pe_eval_rules(first_named_child(c, "rules"), &in, next) != 0);
	if (first_named_child(c, "given") != NULL) {
		table *given = read_table(first_named_child(c, "given"));

		g_hash_table_destroy(result);
		result = given;
	}
	pe_eval_nvpairs(c, first_named_child(c, "sets"), "instance_attributes", &in, result,
	                crm_element_value(c, "first"), atoi(crm_element_value(c, "overwrite")), next);
	text = crm_time_as_string(next, 7);
	printf("%s|", text);
	free(text);
	line_count = 0;
	g_hash_table_foreach(result, collect, NULL);
	qsort(lines, (size_t) line_count, sizeof(lines[0]), by_text);
	for (int i = 0; i < line_count; i++) {
		printf("%s%s", i ? " " : "", lines[i]);
		free(lines[i]);
	}
	printf("\n");
	fflush(stdout);
	crm_time_free(in.now);
	crm_time_free(next);
	g_hash_table_destroy(result);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		xml *c = string2xml(line);

		if (c == NULL) {
			printf("unreadable\n");
			continue;
		}
		answer(c);
		free_xml(c);
	}
	free(line);
	return 0;
}
