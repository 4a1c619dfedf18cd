/* Without libFuzzer: every file of the folders named is fed to the target. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int feed(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size = -1;
	uint8_t *data;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		return perror(path), -1;
	data = malloc(size ? (size_t)size : 1); /* exact, so that a sanitizer sees every byte beyond */
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size)
		return perror(path), -1;
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		char path[4096];

		if (!d)
			return perror(argv[i]), 1;
		for (struct dirent *e; (e = readdir(d));) {
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
			if (feed(path))
				return 1;
			n++;
		}
		closedir(d);
	}
	printf("%d inputs\n", n);
	return n == 0;
}
