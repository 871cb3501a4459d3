`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
/* verilator lint_off SYNCASYNCNET */  // a power failure is recorded when it happens and waits for no clock
// Writes what one station did, as lines of text; see recorder_model.v for their form.
//
// Ports: `file` is open, or 0: then nothing is written. `clk` is the MII clock, rx_dv is that of the medium, which the PHY
// hides while there is no power; the observe group is that of nic_mii and is sampled by clk. When `finish` rises, what
// still lasts is written as if it ended then, and nothing follows.
module station_recorder_model #(
    parameter STATION = 0  // number of the station
) (
    input wire [31:0] file,
    input wire        finish,
    input wire        power,
    input wire        irq,
    // MII
    input wire        clk,
    input wire        tx_en,
    input wire [ 3:0] txd,
    input wire        rx_dv,
    // observation of the transmit MAC
    input wire        mac_reset,
    input wire        waiting,
    input wire        start,
    input wire        collision,
    input wire        jam,
    input wire        ended,
    input wire        collided,
    input wire        draw,
    input wire [ 9:0] slots,
    input wire [ 4:0] attempt
);
  localparam NIBBLE_BITS = 13;  // of the longest transmission, as a power of two
  localparam [NIBBLE_BITS-1:0] HEADER_NIBBLES = 16;  // preamble and SFD
  localparam [NIBBLE_BITS-1:0] LINE_NIBBLES = 16;  // written at once

  reg [3:0] sent[0:(1<<NIBBLE_BITS)-1];  // nibbles of the present transmission
  reg [NIBBLE_BITS-1:0] nibbles;
  reg [NIBBLE_BITS-1:0] next;
  integer frame_id;  // of the present or last frame
  reg [4:0] present;  // attempt
  reg [9:0] drawn;
  time edge_ns;  // of the last MII edge

  // What lasts now, and since when.
  reg transmits;
  reg jams;
  reg backs_off;
  reg waits;
  reg receives;
  reg interrupts;
  reg powered;
  reg finished;
  time transmit_ns;
  time jam_ns;
  time backoff_ns;
  time wait_ns;
  time receive_ns;
  time irq_ns;

  initial begin
    nibbles = 0;
    next = 0;
    frame_id = 0;
    present = 0;
    drawn = 0;
    edge_ns = 0;
    transmits = 0;
    jams = 0;
    backs_off = 0;
    waits = 0;
    receives = 0;
    interrupts = 0;
    powered = 1;
    finished = 0;
    transmit_ns = 0;
    jam_ns = 0;
    backoff_ns = 0;
    wait_ns = 0;
    receive_ns = 0;
    irq_ns = 0;
  end

  // The end of a transmission, at f or where the power failed.
  task end_transmit;
    begin
      if (file != 0 && transmits)
        $fwrite(file, "event transmit %0d %0d %0d %0d %0d -1 -1\n", STATION, transmit_ns, $time, frame_id, present);
      if (file != 0 && jams)
        $fwrite(file, "event jam %0d %0d %0d %0d %0d -1 -1\n", STATION, jam_ns, $time, frame_id, present);
      transmits = 0;
      jams = 0;
    end
  endtask

  task end_backoff;
    begin
      if (file != 0 && backs_off)
        $fwrite(file, "event backoff %0d %0d %0d %0d %0d %0d -1\n", STATION, backoff_ns, $time, frame_id, present, drawn);
      backs_off = 0;
    end
  endtask

  // What the PHY shows as RX_DV became `level` at `t_ns`, if it is not what it was.
  task follow_receive(input level, input [63:0] t_ns);
    begin
      if (level && !receives) receive_ns = t_ns;
      if (!level && receives && file != 0)
        $fwrite(file, "event receive %0d %0d %0d -1 -1 -1 -1\n", STATION, receive_ns, t_ns);
      receives = level;
    end
  endtask

  task follow_irq;
    begin
      if (irq && !interrupts) irq_ns = $time;
      if (!irq && interrupts && file != 0)
        $fwrite(file, "event irq %0d %0d %0d -1 -1 -1 -1\n", STATION, irq_ns, $time);
      interrupts = irq;
    end
  endtask

  task write_frame;
    begin
      $fwrite(file, "frame %0d %0d ", STATION, transmit_ns);
      next = HEADER_NIBBLES;
      while (next + LINE_NIBBLES <= nibbles) begin
        $fwrite(file, "%h", {
          sent[next+1], sent[next], sent[next+3], sent[next+2], sent[next+5], sent[next+4], sent[next+7], sent[next+6],
          sent[next+9], sent[next+8], sent[next+11], sent[next+10], sent[next+13], sent[next+12], sent[next+15],
          sent[next+14]});
        next = next + LINE_NIBBLES;
      end
      while (next + 1 < nibbles) begin
        $fwrite(file, "%h", {sent[next+1], sent[next]});
        next = next + 2;
      end
      $fwrite(file, "\n");
    end
  endtask

  always @(posedge clk) begin
    if ((rx_dv && power) != receives && !finished) follow_receive(rx_dv && power, edge_ns);
    // Only while there is something to see, so that an idle station costs little.
    if ((waiting || waits || start || transmits || (backs_off && mac_reset)) && power && !finished) begin
      if (waiting || mac_reset) end_backoff;
      if (transmits) begin
        sent[nibbles] = txd;
        nibbles = nibbles + 1;
        if (collision && !mac_reset && file != 0)
          $fwrite(file, "event collision %0d %0d %0d %0d %0d -1 %0d\n", STATION, $time, $time, frame_id, present,
                  4 * nibbles);
        if (jam && !mac_reset) begin
          jams = 1;
          jam_ns = $time;
        end
        if (ended) begin
          // Not what a reset cut short, and not what went round in loopback.
          if (!collided && !mac_reset && tx_en && file != 0) write_frame;
          end_transmit;
          if (draw) begin
            backs_off = 1;
            backoff_ns = $time;
            drawn = slots;
            if (drawn == 0) end_backoff;
          end
        end
      end
      if (waiting && !waits) wait_ns = $time;
      waits = waiting && !mac_reset;
      if (start && !mac_reset) begin
        present = attempt;
        if (present == 1) frame_id = frame_id + 1;
        if (wait_ns != $time && file != 0)
          $fwrite(file, "event defer %0d %0d %0d %0d %0d -1 -1\n", STATION, wait_ns, $time, frame_id, present);
        waits = 0;
        transmits = 1;
        transmit_ns = $time;
        nibbles = 0;
      end
    end
    edge_ns = $time;
  end

  always @(irq or power or finish) begin
    if (!finished) follow_irq;
    if (power != powered && !finished) begin
      follow_receive(rx_dv && powered, edge_ns);
      powered = power;
      follow_receive(rx_dv && powered, $time);
      if (file != 0) $fwrite(file, "event power %0d %0d %0d -1 -1 -1 -1\n", STATION, $time, $time);
      end_transmit;
      end_backoff;
      waits = 0;
    end
    if (finish && !finished) begin
      end_transmit;
      end_backoff;
      follow_receive(rx_dv && power, edge_ns);
      if (receives && file != 0) $fwrite(file, "event receive %0d %0d %0d -1 -1 -1 -1\n", STATION, receive_ns, $time);
      if (interrupts && file != 0) $fwrite(file, "event irq %0d %0d %0d -1 -1 -1 -1\n", STATION, irq_ns, $time);
      finished = 1;
      if (file != 0) $fflush(file);
    end
  end
endmodule
/* verilator lint_on SYNCASYNCNET */
/* verilator lint_on BLKSEQ */
