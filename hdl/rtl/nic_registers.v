// Control and configuration registers, and the read multiplexer of all registers.
//
// Map: rig/adapter/regmap.yaml. Clock clk_bus; rst (power-on and soft reset) gives the reset values; rst_path holds
// the seed toggle.
// A write takes effect at the edge with execute_write; register_data is loaded at the edge with slot_bus and holds
// what the registers were before it. mapped, writable and refused are combinational from the address. What other
// modules keep (interrupts, transmit slots, MDIO, PAUSE request, RX_CURR) they decode themselves and hand in to be
// read.
// Parameters: as built, for CAPS and BUS_HZ.
`default_nettype none
`timescale 1ns/1ps

module nic_registers #(
    parameter BUFFER_PAGES = 64,
    parameter BUS_HZ       = 50_000_000,
    parameter TX_SLOTS     = 4,
    parameter RMII         = 0
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        rst_path,
    input  wire        slot_bus,
    // Access
    input  wire        execute_read,
    input  wire        execute_write,
    input  wire [14:0] address,
    input  wire [31:0] write_data,
    output reg         mapped,
    output reg         writable,
    output wire        refused,
    output reg  [31:0] register_data,
    // Kept elsewhere
    input  wire [7:0]  status,
    input  wire [31:0] interrupt_data,   // INT_STATUS, INT_MASK or IRQ_MODERATION, by address
    input  wire [31:0] slot_data,        // register of a transmit slot, by address
    input  wire [31:0] mdio_data,
    input  wire        pause_sending,
    input  wire [7:0]  rx_curr,
    input  wire [63:0] now_ns,
    input  wire [4:0]  inject_level,
    input  wire        inject_ready,
    // What the driver did wrong (pulses)
    input  wire        error_tx_length,
    input  wire        error_busy_slot,
    // Configuration
    output wire        soft_reset,       // at the execute edge
    output reg  [10:0] ctrl,             // CTRL bits 10..0
    output reg         full_duplex,      // FULL_DUPLEX or LOOPBACK
    output wire        rx_load,          // RX_EN goes from 0 to 1 at this edge
    output wire [5:0]  gap_part1_nibbles,
    output wire [5:0]  gap_part2_nibbles,
    output wire [4:0]  attempt_limit,
    output wire [3:0]  backoff_limit,
    output wire [7:0]  slot_nibbles,
    output wire [5:0]  jam_nibbles,
    output wire [31:0] seed,             // never 0
    output reg         seed_toggle,
    output wire        inject_write,
    output reg  [47:0] mac_address,      // octet 0 in bits 7..0
    output reg  [63:0] multicast_hash,
    output reg  [4:0]  rx_cfg,           // RX_CFG bits 4..0
    output reg  [10:0] max_frame,
    output reg  [7:0]  rx_start,
    output reg  [7:0]  rx_stop,
    output reg  [7:0]  rx_bnry,
    output reg  [16:0] pause_cfg         // RX_ENABLE, QUANTA
);
`include "nic_regmap.vh"
    localparam [31:0] COLLISION_CFG_FIELDS = 32'hFF3FF1FF;  // bits that exist
    localparam [1:0]  MII_SYNC             = 2'd2;          // COL_SYNC and CRS_SYNC, see sync_2ff
    localparam [3:0]  BUS_CYCLES           = 4'd4;          // see slot_wheel
    localparam [7:0]  PAGES                = BUFFER_PAGES;
    localparam [3:0]  SLOTS                = TX_SLOTS;
    localparam [0:0]  BEHIND_RMII          = RMII != 0;
    localparam [31:0] HZ                   = BUS_HZ;
    localparam [31:0] CAPS = {11'd0, BEHIND_RMII, BUS_CYCLES, SLOTS, MII_SYNC, MII_SYNC, PAGES};

    reg [15:0] ipg;
    reg [31:0] collision_cfg;
    reg [31:0] seed_written;
    reg [31:0] time_high;
    reg [2:0]  error;

    wire        in_slot      = address[14:6] == REG_TX_PAGE[14:6];
    wire        slot_status  = address[3:2] == REG_TX_STATUS[3:2];

    // An impossible ring leaves the receiver off.
    wire ctrl_write = execute_write && address == REG_CTRL;
    wire rx_raise   = ctrl_write && write_data[CTRL_RX_EN_LSB] && !ctrl[CTRL_RX_EN_LSB];
    wire ring_good  = {1'b0, rx_stop} >= {1'b0, rx_start} + 9'd2 && rx_stop <= PAGES;

    assign soft_reset   = ctrl_write && write_data[CTRL_SOFT_RESET_LSB];
    assign rx_load      = rx_raise && ring_good;
    assign inject_write = execute_write && address == REG_BACKOFF_INJECT;
    assign refused      = address == REG_BACKOFF_INJECT && !inject_ready;

    // A MAC on an MII counts nibbles: the two low bits of a number of bit times fall away.
    assign gap_part1_nibbles = ipg[IPG_PART1_LSB + 2 +: IPG_PART1_WIDTH - 2];
    assign gap_part2_nibbles = ipg[IPG_PART2_LSB + 2 +: IPG_PART2_WIDTH - 2];
    assign attempt_limit     = collision_cfg[COLLISION_CFG_ATTEMPT_LIMIT_LSB +: COLLISION_CFG_ATTEMPT_LIMIT_WIDTH];
    assign backoff_limit     = collision_cfg[COLLISION_CFG_BACKOFF_LIMIT_LSB +: COLLISION_CFG_BACKOFF_LIMIT_WIDTH];
    assign slot_nibbles      = collision_cfg[COLLISION_CFG_SLOT_TIME_LSB + 2 +: COLLISION_CFG_SLOT_TIME_WIDTH - 2];
    assign jam_nibbles       = collision_cfg[COLLISION_CFG_JAM_SIZE_LSB + 2 +: COLLISION_CFG_JAM_SIZE_WIDTH - 2];
    assign seed              = {seed_written[31:1], seed_written[0] || seed_written == 32'd0};

    // Read
    reg [31:0] selected;
    always @* begin
        mapped   = 1'b1;
        writable = 1'b1;
        selected = 32'd0;
        case (address)
            REG_ID:          begin writable = 1'b0; selected = ID_RESET; end
            REG_CAPS:        begin writable = 1'b0; selected = CAPS; end
            REG_MAP_HASH:    begin writable = 1'b0; selected = MAP_HASH; end
            REG_BUS_HZ:      begin writable = 1'b0; selected = HZ; end
            REG_CTRL:        selected = {21'd0, ctrl};
            REG_STATUS:      begin writable = 1'b0; selected = {24'd0, status}; end
            REG_INT_STATUS, REG_INT_MASK, REG_IRQ_MODERATION: selected = interrupt_data;
            REG_IPG:         selected = {16'd0, ipg};
            REG_COLLISION_CFG: selected = collision_cfg;
            REG_BACKOFF_SEED:  selected = seed_written;
            REG_BACKOFF_INJECT: selected = {27'd0, inject_level};
            REG_MAC_ADDR_LO: selected = mac_address[31:0];
            REG_MAC_ADDR_HI: selected = {16'd0, mac_address[47:32]};
            REG_MHASH_LO:    selected = multicast_hash[31:0];
            REG_MHASH_HI:    selected = multicast_hash[63:32];
            REG_RX_CFG:      selected = {5'd0, max_frame, 11'd0, rx_cfg};
            REG_RX_START:    selected = {24'd0, rx_start};
            REG_RX_STOP:     selected = {24'd0, rx_stop};
            REG_RX_BNRY:     selected = {24'd0, rx_bnry};
            REG_RX_CURR:     begin writable = 1'b0; selected = {24'd0, rx_curr}; end
            REG_TIME_LO:     begin writable = 1'b0; selected = now_ns[31:0]; end
            REG_TIME_HI:     begin writable = 1'b0; selected = time_high; end
            REG_PAUSE_CFG:   selected = {14'd0, pause_sending, pause_cfg};
            REG_MDIO:        selected = mdio_data;
            REG_ERROR:       selected = {29'd0, error};
            default: begin
                mapped   = in_slot && {2'b00, address[5:4]} < SLOTS;
                writable = !slot_status;
                selected = slot_data;
            end
        endcase
    end

    always @(posedge clk_bus) if (slot_bus) register_data <= selected;

    // Write
    always @(posedge clk_bus) begin
        if (execute_read && address == REG_TIME_LO) time_high <= now_ns[63:32];
        if (execute_write) case (address)
            REG_CTRL: begin
                ctrl        <= write_data[10:0];
                full_duplex <= write_data[CTRL_FULL_DUPLEX_LSB] || write_data[CTRL_LOOPBACK_LSB];
                if (rx_raise && !ring_good) ctrl[CTRL_RX_EN_LSB] <= 1'b0;
            end
            REG_IPG:           ipg           <= write_data[15:0];
            REG_COLLISION_CFG: collision_cfg <= write_data & COLLISION_CFG_FIELDS;
            REG_BACKOFF_SEED: begin
                seed_written <= write_data;
                seed_toggle  <= !seed_toggle;
            end
            REG_MAC_ADDR_LO: mac_address[31:0]     <= write_data;
            REG_MAC_ADDR_HI: mac_address[47:32]    <= write_data[15:0];
            REG_MHASH_LO:    multicast_hash[31:0]  <= write_data;
            REG_MHASH_HI:    multicast_hash[63:32] <= write_data;
            REG_RX_CFG: begin
                rx_cfg    <= write_data[4:0];
                max_frame <= write_data[RX_CFG_MAX_FRAME_LSB +: RX_CFG_MAX_FRAME_WIDTH];
            end
            REG_RX_START:  rx_start  <= write_data[7:0];
            REG_RX_STOP:   rx_stop   <= write_data[7:0];
            REG_RX_BNRY:   rx_bnry   <= write_data[7:0];
            REG_PAUSE_CFG: pause_cfg <= write_data[16:0];
            REG_ERROR:     error     <= error & ~write_data[2:0];
            default: ;
        endcase
        if (error_tx_length)        error[ERROR_TX_LENGTH_LSB]    <= 1'b1;
        if (rx_raise && !ring_good) error[ERROR_RING_CONFIG_LSB]  <= 1'b1;
        if (error_busy_slot)        error[ERROR_TX_BUSY_SLOT_LSB] <= 1'b1;
        if (rst) begin
            ctrl           <= CTRL_RESET[10:0];
            full_duplex    <= 1'b0;
            ipg            <= IPG_RESET[15:0];
            collision_cfg  <= COLLISION_CFG_RESET;
            seed_written   <= BACKOFF_SEED_RESET;
            mac_address    <= 48'd0;
            multicast_hash <= 64'd0;
            rx_cfg         <= RX_CFG_RESET[4:0];
            max_frame      <= RX_CFG_RESET[RX_CFG_MAX_FRAME_LSB +: RX_CFG_MAX_FRAME_WIDTH];
            rx_start       <= 8'd0;
            rx_stop        <= 8'd0;
            rx_bnry        <= 8'd0;
            pause_cfg      <= 17'd0;
            error          <= 3'd0;
            time_high      <= 32'd0;
        end
        if (rst_path) seed_toggle <= 1'b0;
    end
endmodule
