# The heart of the MAC (top mac_core): transmit, receive and CSMA/CD alone, for area and timing.
hdl/rtl/backoff.v
hdl/rtl/crc32_nibble.v
hdl/rtl/csma_cd.v
hdl/rtl/deference.v
hdl/rtl/mac_core.v
hdl/rtl/rx_address.v
hdl/rtl/rx_mac.v
hdl/rtl/sync_2ff.v
hdl/rtl/toggle_sync.v
hdl/rtl/tx_mac.v
