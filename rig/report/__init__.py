"""Pictures and pages from recorded facts: this package reads run folders and nothing else."""
