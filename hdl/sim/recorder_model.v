`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
// Writes what stations and medium did, and the frames on the wire, as lines of text; nothing here comes from software.
//
// The events and their times are defined in docs/adapter.md ("What is recorded"). A line is written when its event ends:
//
//   event KIND STATION T_NS END_NS FRAME_ID ATTEMPT SLOTS COLLISION_BIT    a field that does not apply is -1,
//                                                                          STATION -1 is the medium
//   frame STATION T_NS OCTETS                                              hexadecimal, after the SFD, FCS included
//
// Ports: one field for each station; the observe group is that of nic_mii and is sampled by clk (its TX_CLK). The file is the
// one that +recorder= names; without it nothing is recorded. The rise of `finish` (written by name) writes the events that
// still last, as if they ended then, and closes the file.
module recorder_model #(
    parameter STATIONS = 2
) (
    input wire [   STATIONS-1:0] power,
    input wire [   STATIONS-1:0] irq,
    // MII
    input wire [   STATIONS-1:0] clk,
    input wire [   STATIONS-1:0] tx_en,
    input wire [ 4*STATIONS-1:0] txd,
    input wire [   STATIONS-1:0] rx_dv,
    // observation of the transmit MAC
    input wire [   STATIONS-1:0] waiting,
    input wire [   STATIONS-1:0] start,
    input wire [   STATIONS-1:0] collision,
    input wire [   STATIONS-1:0] jam,
    input wire [   STATIONS-1:0] ended,
    input wire [   STATIONS-1:0] collided,
    input wire [   STATIONS-1:0] draw,
    input wire [10*STATIONS-1:0] slots,
    input wire [ 5*STATIONS-1:0] attempt
);
  localparam NIBBLE_BITS = 13;  // of the longest transmission, as a power of two
  localparam HEADER_NIBBLES = 16;  // preamble and SFD
  localparam PATH_OCTETS = 1024;

  reg finish  /*verilator public_flat_rw*/;
  reg [8*PATH_OCTETS-1:0] path;
  integer file;  // 0 = nothing is recorded
  time    overlap_ns;  // when the second station began to transmit
  reg     overlaps;
  wire [STATIONS-1:0] one_less = tx_en & (tx_en - 1);  // not 0 while two or more transmit

  initial begin
    finish = 0;
    overlaps = 0;
    overlap_ns = 0;
    if ($value$plusargs("recorder=%s", path)) file = $fopen(path, "w");
    else file = 0;
  end

  always @(one_less) begin
    if (one_less != 0 && !overlaps) overlap_ns = $time;
    else if (one_less == 0 && overlaps && file != 0)
      $fwrite(file, "event collision -1 %0d %0d -1 -1 -1 -1\n", overlap_ns, $time);
    overlaps = one_less != 0;
  end

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : station
      wire [4:0] attempt_here = attempt[5*i+:5];
      wire [9:0] slots_here = slots[10*i+:10];
      reg [3:0] sent[0:(1<<NIBBLE_BITS)-1];  // nibbles of the present transmission
      reg [NIBBLE_BITS-1:0] nibbles;
      reg [NIBBLE_BITS-1:0] next;
      integer frame_id;
      reg [4:0] present;  // attempt
      reg transmits;
      reg jams;
      reg backs_off;
      reg waits;
      reg receives;
      reg interrupts;
      reg [9:0] drawn;
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
        transmits = 0;
        jams = 0;
        backs_off = 0;
        waits = 0;
        receives = 0;
        interrupts = 0;
        drawn = 0;
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
            $fwrite(file, "event transmit %0d %0d %0d %0d %0d -1 -1\n", i, transmit_ns, $time, frame_id, present);
          if (file != 0 && jams)
            $fwrite(file, "event jam %0d %0d %0d %0d %0d -1 -1\n", i, jam_ns, $time, frame_id, present);
          transmits = 0;
          jams = 0;
        end
      endtask

      task end_backoff;
        begin
          if (file != 0 && backs_off)
            $fwrite(file, "event backoff %0d %0d %0d %0d %0d %0d -1\n", i, backoff_ns, $time, frame_id, present, drawn);
          backs_off = 0;
        end
      endtask

      task end_receive;
        begin
          if (file != 0 && receives) $fwrite(file, "event receive %0d %0d %0d -1 -1 -1 -1\n", i, receive_ns, $time);
          receives = 0;
        end
      endtask

      task end_irq;
        begin
          if (file != 0 && interrupts) $fwrite(file, "event irq %0d %0d %0d -1 -1 -1 -1\n", i, irq_ns, $time);
          interrupts = 0;
        end
      endtask

      task write_frame;
        begin
          $fwrite(file, "frame %0d %0d ", i, transmit_ns);
          for (next = HEADER_NIBBLES; next + 1 < nibbles; next = next + 2) $fwrite(file, "%h%h", sent[next+1], sent[next]);
          $fwrite(file, "\n");
        end
      endtask

      // Only while there is something to see, so that an idle station costs one comparison an edge.
      always @(posedge clk[i])
        if (power[i] && (waiting[i] || waits || start[i] || transmits)) begin
          if (waiting[i]) end_backoff;
          if (transmits) begin
            sent[nibbles] = txd[4*i+:4];
            nibbles = nibbles + 1;
            if (collision[i] && file != 0)
              $fwrite(file, "event collision %0d %0d %0d %0d %0d -1 %0d\n", i, $time, $time, frame_id, present, 4 * nibbles);
            if (jam[i]) begin
              jams = 1;
              jam_ns = $time;
            end
            if (ended[i]) begin
              if (!collided[i] && file != 0) write_frame;
              end_transmit;
              if (draw[i]) begin
                backs_off = 1;
                backoff_ns = $time;
                drawn = slots_here;
                if (drawn == 0) end_backoff;
              end
            end
          end
          if (waiting[i] && !waits) wait_ns = $time;
          waits = waiting[i];
          if (start[i]) begin
            present = attempt_here;
            if (present == 1) frame_id = frame_id + 1;
            if (waits && wait_ns != $time && file != 0)
              $fwrite(file, "event defer %0d %0d %0d %0d %0d -1 -1\n", i, wait_ns, $time, frame_id, present);
            waits = 0;
            transmits = 1;
            transmit_ns = $time;
            nibbles = 0;
          end
        end

      always @(rx_dv[i]) begin
        if (!rx_dv[i]) end_receive;
        else begin
          receives = 1;
          receive_ns = $time;
        end
      end

      always @(irq[i]) begin
        if (!irq[i]) end_irq;
        else begin
          interrupts = 1;
          irq_ns = $time;
        end
      end

      always @(power[i]) begin
        if (file != 0 && $time != 0) $fwrite(file, "event power %0d %0d %0d -1 -1 -1 -1\n", i, $time, $time);
        end_transmit;
        end_backoff;
        waits = 0;
      end

      always @(posedge finish) begin
        end_transmit;
        end_backoff;
        end_receive;
        end_irq;
      end
    end
  endgenerate

  always @(posedge finish)
    if (file != 0) begin
      #0.1;  // after the stations
      if (overlaps) $fwrite(file, "event collision -1 %0d %0d -1 -1 -1 -1\n", overlap_ns, $time);
      $fclose(file);
      file = 0;
    end
endmodule
/* verilator lint_on BLKSEQ */
