// Names are the file system's: any bytes but '/' and NUL. They are escaped twice, for the link and
// for the page.
#include "cli/serve/serve_list.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void put_html(FILE *page, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", page);
            break;
        case '<':
            (void)fputs("&lt;", page);
            break;
        case '>':
            (void)fputs("&gt;", page);
            break;
        case '"':
            (void)fputs("&quot;", page);
            break;
        default:
            (void)fputc(*text, page);
        }
    }
}

static void put_link(FILE *page, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL)) {
            (void)fputc(c, page);
        } else {
            (void)fprintf(page, "%%%02X", c);
        }
    }
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void put_entry(FILE *page, int folder, const char *name)
{
    struct stat stat;
    if (fstatat(folder, name, &stat, 0) != 0) {
        return; // gone, or a link to nowhere
    }
    const char *slash = S_ISDIR(stat.st_mode) ? "/" : "";
    (void)fputs("<tr><td><a href=\"", page);
    put_link(page, name);
    (void)fprintf(page, "%s\">", slash);
    put_html(page, name);
    (void)fprintf(page, "%s</a></td><td align=\"right\">", slash);
    if (S_ISREG(stat.st_mode)) {
        (void)fprintf(page, "%" PRIdMAX, (intmax_t)stat.st_size);
    }
    (void)fputs("</td></tr>\n", page);
}

char *aloft_serve_list(const char *path, const char *url, size_t *len)
{
    struct dirent **entries;
    char *text = NULL;
    int count = scandir(path, &entries, is_shown, alphasort);
    if (count < 0) {
        return NULL;
    }
    FILE *page = open_memstream(&text, len);
    if (page != NULL) {
        (void)fputs("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>", page);
        put_html(page, url);
        (void)fputs("</title>\n<h1>", page);
        put_html(page, url);
        (void)fputs("</h1>\n<table>\n", page);
    }
    if (page != NULL && strcmp(url, "/") != 0) {
        (void)fputs("<tr><td><a href=\"../\">../</a></td><td></td></tr>\n", page);
    }
    DIR *folder = opendir(path);
    for (int i = 0; i < count; i++) {
        if (page != NULL && folder != NULL) {
            put_entry(page, dirfd(folder), entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    if (folder != NULL) {
        (void)closedir(folder); // only read from
    }
    if (page == NULL) {
        return NULL;
    }
    (void)fputs("</table>\n", page);
    if (fclose(page) != 0) { // out of memory somewhere above
        free(text);
        return NULL;
    }
    return text;
}
