"""What users add: objects of their own modules, and plug-ins of installed packages."""
