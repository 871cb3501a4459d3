// Between the MII of nic_mii and a PHY on an RMII: di-bits, CRS_DV taken apart, and the MII clock made from REF_CLK.
//
// RMII specification rev. 1.2 (RMII Consortium); docs/adapter.md "RMII". 100 and 10 Mb/s, half and full duplex.
//
// Clocks. clk_ref is the 50 MHz REF_CLK that the PHY runs on too. clk_mii is GENERATED from it: a flip-flop that
// changes every REF_CLK period (25 MHz) or every tenth (2.5 MHz), for both clk_tx and clk_rx of the adapter; a board
// puts it on a global clock net. What crosses between the two does so where clk_mii FALLS, half a period of it (20 ns
// or more) away from the edges at which the other side samples or changes: so neither side needs a synchroniser, and a
// delay of the clock net of up to 15 ns does no harm. mii_crs and mii_col change at any clk_ref edge; the adapter
// synchronises them. speed100 comes from another domain and changes only while nothing is being sent: a period of
// clk_mii is then stretched, never cut below 20 ns a level.
// There is no reset: clk_mii has to run so that the adapter can be reset, and the receive side is idle again after one
// nibble with CRS_DV low.
//
// Transmit: a nibble that the MAC changes at a rise of clk_mii goes out as two di-bits, the lower first, from the next
// fall on: 1 clk_ref later at 100 Mb/s, 10 at 10 Mb/s. RMII has no TX_ER.
// Receive: CRS_DV, RXD and RX_ER pass two flip-flops, because CRS_DV rises asynchronously. RXD is 00 until the PHY has
// found the beginning of the preamble: its first di-bit 01 is the first of a nibble, whatever the phase of clk_mii. Any
// other di-bit but 00 there is a false carrier, shown as such on the MII until CRS_DV falls. Once the carrier has gone,
// CRS_DV is low in the first di-bit of a nibble and high in the second as long as data remain: so the first di-bit
// carries the carrier, the second RX_DV, and low in both ends the frame. RX_ER in any clk_ref period is RX_ER of its
// nibble (at 10 Mb/s, where a di-bit is sampled once in its ten periods, perhaps of the next one as well).
// From the clk_ref edge that samples the first di-bit of a nibble at the pins to the rise of clk_mii at which the MAC
// samples the nibble: 5 or 6 clk_ref periods at 100 Mb/s, 32 to 51 at 10 Mb/s, always the same within a frame.
// Carrier and collision: mii_crs is the PHY's carrier or our own TX_EN, mii_col both at once. They change 3 clk_ref
// periods after the edge that samples CRS_DV (a fall within a frame at 10 Mb/s: up to 12), 1 after the pin TX_EN. In
// full duplex they mean nothing.
// Not observable through an RMII: the SQE test and carrier sense errors. The PHY's own loopback of 10BASE-T has to be
// off, or every transmission collides.
`default_nettype none
`timescale 1ns/1ps

module rmii_shim (
    input  wire       clk_ref,
    input  wire       speed100,
    output wire       clk_mii,
    // MII of the adapter (clk_mii)
    input  wire [3:0] mii_txd,
    input  wire       mii_tx_en,
    output reg  [3:0] mii_rxd,
    output reg        mii_rx_dv,
    output reg        mii_rx_er,
    output reg        mii_crs,
    output reg        mii_col,
    // RMII of the PHY (clk_ref)
    output reg  [1:0] rmii_txd,
    output reg        rmii_tx_en,
    input  wire [1:0] rmii_rxd,
    input  wire       rmii_crs_dv,
    input  wire       rmii_rx_er
);
    localparam [3:0] LAST_OF_TEN = 4'd9;   // clk_ref periods a di-bit, at 10 Mb/s
    localparam [1:0] PREAMBLE    = 2'b01;  // a di-bit of the preamble
    localparam [3:0] BAD_SSD     = 4'b1110;  // RXD of a false carrier (IEEE Std 802.3-2022 table 22-2)

    localparam [1:0] IDLE  = 2'd0;  // no carrier
    localparam [1:0] SENSE = 2'd1;  // carrier, and no data yet
    localparam [1:0] DATA  = 2'd2;  // between the first di-bit of a frame and its end
    localparam [1:0] FALSE = 2'd3;  // a carrier that is none

    // The MII clock: divide goes on every di-bit
    reg  [3:0] count;
    reg        clock;
    wire       is_fast;
    wire       divide = is_fast || count >= LAST_OF_TEN;
    wire       fall   = divide && clock;

    sync_2ff cross_speed (.clk(clk_ref), .d(speed100), .q(is_fast));

    initial begin
        count = 4'd0;
        clock = 1'b0;
    end
    always @(posedge clk_ref) begin
        count <= count + 4'd1;
        if (divide) begin  // an unknown is_fast, before the adapter's first reset, must not stop the clock
            count <= 4'd0;
            clock <= !clock;
        end
    end
    assign clk_mii = clock;

    // Transmit
    reg [1:0] second_txd;
    initial rmii_tx_en = 1'b0;
    always @(posedge clk_ref)
        if (fall) {rmii_tx_en, second_txd, rmii_txd} <= {mii_tx_en, mii_txd};
        else if (divide) rmii_txd <= second_txd;

    // Receive
    wire       crs_dv, er;
    wire [1:0] rxd;
    sync_2ff #(.WIDTH(4)) cross_pins (
        .clk(clk_ref), .d({rmii_crs_dv, rmii_rx_er, rmii_rxd}), .q({crs_dv, er, rxd})
    );

    reg [1:0] state, next_state;
    reg       second;     // in DATA: the second di-bit of a nibble is next
    reg       carrier;    // as recovered
    reg [1:0] first_rxd;  // of the nibble under way
    reg       error;      // RX_ER was high in this nibble
    reg [3:0] nibble;     // the last whole one, for two di-bits
    reg       nibble_dv;
    reg       nibble_er;

    wire is_end = second && !crs_dv;

    always @* begin
        next_state = state;
        case (state)
            IDLE: if (crs_dv) next_state = SENSE;
            SENSE:
                if (!crs_dv) next_state = IDLE;
                else if (divide && rxd == PREAMBLE) next_state = DATA;
                else if (divide && rxd != 2'b00) next_state = FALSE;
            DATA: if (divide && is_end) next_state = IDLE;
            default: if (!crs_dv) next_state = IDLE;
        endcase
    end

    initial begin
        state     = IDLE;
        carrier   = 1'b0;
        nibble_dv = 1'b0;
        nibble_er = 1'b0;
        mii_rx_dv = 1'b0;
        mii_rx_er = 1'b0;
        mii_crs   = 1'b0;
        mii_col   = 1'b0;
    end
    always @(posedge clk_ref) begin
        state <= next_state;
        if (state != DATA) carrier <= crs_dv;
        else if (divide && !second && !crs_dv) carrier <= 1'b0;
        if (state == DATA && divide && is_end) carrier <= 1'b0;

        error <= error || er;
        if (divide) begin
            second    <= state == DATA ? !second : next_state == DATA;
            first_rxd <= rxd;
            if (state != DATA) begin
                error     <= er;  // of the first di-bit, if this is one
                nibble    <= BAD_SSD;
                nibble_er <= next_state == FALSE;
            end else if (second) begin
                error     <= 1'b0;
                nibble    <= {rxd, first_rxd};
                nibble_dv <= crs_dv;
                nibble_er <= crs_dv && (error || er);
            end
        end
        if (fall) {mii_rx_dv, mii_rx_er, mii_rxd} <= {nibble_dv, nibble_er, nibble};

        mii_crs <= carrier || rmii_tx_en;
        mii_col <= carrier && rmii_tx_en;
    end
endmodule
