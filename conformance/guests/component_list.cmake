# The guests for components: wit/<guest>.c is built once for each snapshot of wasi:nn, as
# <guest>-<snapshot>. Those of the drafts and of wasinn's own package are guests of their own, since a host without
# these cannot link them.
set(WASINN_COMPONENT_GUESTS wit_faults wit_lives wit_ports wit_values)
set(WASINN_DRAFT_GUESTS wit_prompt wit_properties)
set(WASINN_EXTENSION_GUESTS wit_extension)
# Of the newest snapshot alone: they need WASI's poll and clock besides.
set(WASINN_POLLABLE_GUESTS wit_pollables)
set(WASINN_COMPONENT_SNAPSHOTS 2024-06-25 2024-08-19 2024-10-28)
