/* Makes a ring as libqb's IPC server does and shows its files after each step.
 *
 * golden_ring DIR      prints lines "step file offset hex", zeros left out
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qb/qbrb.h>

static char *dir;

static void dump(const char *step, const char *file)
{
	char path[4096];
	static unsigned char b[1 << 20];
	snprintf(path, sizeof path, "%s/qb-request-golden-%s", dir, file);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(b, 1, sizeof b, f) : 0;
	if (f)
		fclose(f);
	printf("%s %s %zu size\n", step, file, n);
	for (size_t i = 0; i < n; i += 16) {
		size_t m = n - i < 16 ? n - i : 16, k;
		for (k = 0; k < m && b[i + k] == 0; k++)
			;
		if (k == m)
			continue;
		printf("%s %s %zu ", step, file, i);
		for (k = 0; k < m; k++)
			printf("%02x", b[i + k]);
		puts("");
	}
}

static void both(const char *step)
{
	dump(step, "header");
	dump(step, "data");
}

int main(int argc, char **argv)
{
	char name[4096], msg[8000], in[8000], none[7900] = {0};
	if (argc != 2)
		return 1;
	dir = argv[1];
	snprintf(name, sizeof name, "%s/qb-request-golden", dir);
	qb_ringbuffer_t *rb = qb_rb_open(name, 8000, QB_RB_FLAG_CREATE | QB_RB_FLAG_SHARED_PROCESS, sizeof(int32_t));
	if (rb == NULL) {
		perror("qb_rb_open");
		return 1;
	}
	for (int i = 0; i < (int)sizeof msg; i++)
		msg[i] = (char)(i + 1);
	both("created");
	qb_rb_chunk_write(rb, msg, 5);
	qb_rb_chunk_write(rb, msg, 16);
	both("written");
	qb_rb_chunk_read(rb, in, sizeof in, 0);
	both("read");
	qb_rb_chunk_read(rb, in, sizeof in, 0);
	qb_rb_chunk_write(rb, none, sizeof none);
	qb_rb_chunk_read(rb, in, sizeof in, 0);
	qb_rb_chunk_write(rb, msg, 500); /* around the end */
	both("wrapped");
	qb_rb_close(rb);
	return 0;
}
