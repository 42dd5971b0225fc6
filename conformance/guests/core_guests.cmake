# The guests for core modules; each is the file of its name.
set(WASINN_CORE_GUESTS aliasing layout numbers ports shapes types)
set(WASINN_CORE_GUEST_COMMON common/guest.c common/nn.c common/nn_by_name.c)
