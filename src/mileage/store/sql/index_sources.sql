SELECT source, files, witnesses, rejected, gone, calls, first, last FROM source
