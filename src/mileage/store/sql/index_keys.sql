SELECT number, keys FROM content
