set allowed_directories = $folders
