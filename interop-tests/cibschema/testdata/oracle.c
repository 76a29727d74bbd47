/* Asks the reference's libcrmcommon what it makes of CIBs. Each line of stdin is a
 * request and a file; the answer is a line "RC VERSION XML ERR", the last two lengths
 * of what follows: the resulting XML, and what went to stderr.
 *   U file   update_validation, with transformations
 *   C file   cli_config_update
 *   V file   validate_xml for each version in turn; XML is a digit each
 *   E.n file validate_xml for the nth version
 *   P file   libxml2's reader, RC 1 if it takes the file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct _xmlNode xmlNode;
void *xmlReadFile(const char *name, const char *encoding, int options);
xmlNode *xmlDocGetRootElement(void *doc);
xmlNode *copy_xml(xmlNode *xml);
void free_xml(xmlNode *xml);
typedef struct _xmlBuffer xmlBuffer; /* libxml2: Pacemaker's own dump stops escaping at the first character beyond ASCII */
xmlBuffer *xmlBufferCreate(void);
unsigned char *xmlBufferDetach(xmlBuffer *buffer);
void xmlBufferFree(xmlBuffer *buffer);
int xmlNodeDump(xmlBuffer *buffer, void *doc, xmlNode *xml, int level, int format);
int update_validation(xmlNode **xml, int *best, int max, int transform, int to_logs);
int cli_config_update(xmlNode **xml, int *best, int to_logs);
int validate_xml(xmlNode *xml, const char *validation, int to_logs);
const char *get_schema_name(int version);
void crm_xml_init(void);
extern unsigned int crm_log_level;

enum { RECOVER = 1, NOERROR = 32, NOWARNING = 64, NOBLANKS = 256 };

static char *dump(xmlNode *xml)
{
    xmlBuffer *buffer = xmlBufferCreate();
    char *text;

    xmlNodeDump(buffer, NULL, xml, 0, 0);
    text = (char *) xmlBufferDetach(buffer);
    xmlBufferFree(buffer);
    return text;
}

int main(void)
{
    char request[8], file[4096];
    FILE *errors = tmpfile();

    crm_xml_init();
    crm_log_level = 7;
    setvbuf(stderr, NULL, _IOFBF, 1 << 16);
    dup2(fileno(errors), STDERR_FILENO);
    while (scanf("%7s %4095s", request, file) == 2) {
        int best = 0, rc = 0;
        char *text = NULL;
        /* as filename2xml, which also takes out all text */
        int options = request[0] == 'P' ? NOERROR | NOWARNING | NOBLANKS : RECOVER | NOBLANKS;
        xmlNode *xml = xmlDocGetRootElement(xmlReadFile(file, NULL, options));

        lseek(STDERR_FILENO, 0, SEEK_SET);
        if (ftruncate(STDERR_FILENO, 0) != 0 || xml == NULL) {
            printf("-999 0 0 0\n");
            fflush(stdout);
            continue;
        }
        switch (request[0]) {
        case 'P':
            rc = 1;
            text = dump(xml);
            break;
        case 'U':
            rc = update_validation(&xml, &best, 0, 1, 0);
            text = dump(xml);
            break;
        case 'C':
            rc = cli_config_update(&xml, &best, 0);
            text = dump(xml);
            break;
        case 'V':
            text = calloc(26, 1);
            for (int v = 0; v < 25; v++) {
                xmlNode *copy = copy_xml(xml);

                text[v] = validate_xml(copy, get_schema_name(v), 0) ? '1' : '0';
                free_xml(copy);
            }
            fflush(stderr);
            lseek(STDERR_FILENO, 0, SEEK_SET);
            rc = ftruncate(STDERR_FILENO, 0);
            break;
        case 'E':
            rc = validate_xml(xml, get_schema_name(atoi(request + 2)), 0);
            break;
        }
        fflush(stderr);
        if (text == NULL) {
            text = strdup("");
        }
        long size = lseek(STDERR_FILENO, 0, SEEK_END);
        char *said = calloc(size + 1, 1);

        if (pread(STDERR_FILENO, said, size, 0) != size) {
            size = 0;
        }
        printf("%d %d %zu %ld\n", rc, best, strlen(text), size);
        fwrite(text, 1, strlen(text), stdout);
        fwrite(said, 1, size, stdout);
        fflush(stdout);
        free(text);
        free(said);
        free_xml(xml);
    }
    return 0;
}
