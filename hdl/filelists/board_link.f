# The far end of the board link (top board_link): synthesisable sources, for lint, simulation and synthesis alike.
hdl/rtl/board_link.v
hdl/rtl/cobs_decoder.v
hdl/rtl/crc32_nibble.v
hdl/rtl/crc32_octet.v
hdl/rtl/device_time.v
hdl/rtl/frame_sender.v
hdl/rtl/link_events.v
hdl/rtl/link_executor.v
hdl/rtl/link_outbox.v
hdl/rtl/link_receiver.v
hdl/rtl/ram_dual_port.v
hdl/rtl/sync_2ff.v
hdl/rtl/sync_fifo.v
hdl/rtl/uart_rx.v
hdl/rtl/uart_tx.v
