# The guests for core modules; each is the file of its name.
set(WASINN_CORE_GUESTS
    aliasing concurrency errors extension hostile hostile_wasinn hostile_wasmedge layout lifetimes lifetimes_wasmedge
    limits limits_wasmedge load load_by_name load_config names numbers ports shapes streaming types wamr)
set(WASINN_CORE_GUEST_COMMON common/guest.c common/nn.c common/nn_by_name.c)
