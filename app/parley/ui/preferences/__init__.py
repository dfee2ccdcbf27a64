"""The settings window: one page a module, one kind of editor a class. Imported when it is opened, and not before."""
