"""Questions with a viewer and a purpose, answered from what the store holds."""
