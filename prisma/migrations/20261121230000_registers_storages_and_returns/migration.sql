-- CreateEnum
CREATE TYPE "payment_method" AS ENUM ('CASH');

-- AlterTable
-- No row is rewritten: the default is a constant.
ALTER TABLE "order_item" ADD COLUMN     "returned" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "storage" (
    "id" SERIAL NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "storage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stored_item" (
    "product_id" INTEGER NOT NULL,
    "storage_id" INTEGER NOT NULL,
    "quantity" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "stored_item_pkey" PRIMARY KEY ("product_id","storage_id")
);

-- CreateTable
CREATE TABLE "stock_transfer" (
    "id" BIGSERIAL NOT NULL,
    "from_storage_id" INTEGER,
    "to_storage_id" INTEGER,
    "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stock_transfer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stock_transfer_line" (
    "transfer_id" BIGINT NOT NULL,
    "product_id" INTEGER NOT NULL,
    "quantity" INTEGER NOT NULL,

    CONSTRAINT "stock_transfer_line_pkey" PRIMARY KEY ("transfer_id","product_id")
);

-- CreateTable
CREATE TABLE "register" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "open_day" DATE,
    "last_receipt_no" INTEGER NOT NULL DEFAULT 0,
    "last_refund_no" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "register_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sale" (
    "id" BIGSERIAL NOT NULL,
    "register_id" INTEGER NOT NULL,
    "receipt_no" INTEGER NOT NULL,
    "business_day" DATE NOT NULL,
    "total_cents" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL DEFAULT 'EUR',
    "sold_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sale_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sale_line" (
    "sale_id" BIGINT NOT NULL,
    "line_no" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "quantity" INTEGER NOT NULL,
    "unit_price_cents" INTEGER NOT NULL,
    "line_total_cents" BIGINT NOT NULL,
    "returned" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "sale_line_pkey" PRIMARY KEY ("sale_id","line_no")
);

-- CreateTable
CREATE TABLE "payment" (
    "sale_id" BIGINT NOT NULL,
    "method" "payment_method" NOT NULL DEFAULT 'CASH',
    "amount_cents" BIGINT NOT NULL,
    "tendered_cents" BIGINT NOT NULL,

    CONSTRAINT "payment_pkey" PRIMARY KEY ("sale_id")
);

-- CreateTable
CREATE TABLE "refund" (
    "id" BIGSERIAL NOT NULL,
    "register_id" INTEGER NOT NULL,
    "refund_no" INTEGER NOT NULL,
    "business_day" DATE NOT NULL,
    "sale_id" BIGINT,
    "order_id" BIGINT,
    "amount_cents" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL DEFAULT 'EUR',
    "refunded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refund_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refund_line" (
    "refund_id" BIGINT NOT NULL,
    "line_no" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "quantity" INTEGER NOT NULL,
    "amount_cents" BIGINT NOT NULL,

    CONSTRAINT "refund_line_pkey" PRIMARY KEY ("refund_id","line_no")
);

-- CreateTable
CREATE TABLE "register_closing" (
    "register_id" INTEGER NOT NULL,
    "day" DATE NOT NULL,
    "sales" INTEGER NOT NULL,
    "sales_cents" BIGINT NOT NULL,
    "refunds" INTEGER NOT NULL,
    "refund_cents" BIGINT NOT NULL,
    "cash_cents" BIGINT NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "register_closing_pkey" PRIMARY KEY ("register_id","day")
);

-- CreateTable
CREATE TABLE "day_closing" (
    "day" DATE NOT NULL,
    "sales" INTEGER NOT NULL,
    "sales_cents" BIGINT NOT NULL,
    "refunds" INTEGER NOT NULL,
    "refund_cents" BIGINT NOT NULL,
    "cash_cents" BIGINT NOT NULL,
    "stock_value_cents" DECIMAL(30,0) NOT NULL,
    "closed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "day_closing_pkey" PRIMARY KEY ("day")
);

-- CreateTable
CREATE TABLE "price_change" (
    "id" BIGSERIAL NOT NULL,
    "product_id" INTEGER NOT NULL,
    "old_price_cents" INTEGER NOT NULL,
    "new_price_cents" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_change_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "storage_code_key" ON "storage"("code");

-- CreateIndex
CREATE INDEX "stored_item_storage_id_idx" ON "stored_item"("storage_id");

-- CreateIndex
CREATE INDEX "stock_transfer_line_product_id_idx" ON "stock_transfer_line"("product_id");

-- CreateIndex
CREATE UNIQUE INDEX "register_name_key" ON "register"("name");

-- CreateIndex
CREATE INDEX "sale_business_day_idx" ON "sale"("business_day");

-- CreateIndex
CREATE UNIQUE INDEX "sale_register_id_receipt_no_key" ON "sale"("register_id", "receipt_no");

-- CreateIndex
CREATE INDEX "sale_line_product_id_idx" ON "sale_line"("product_id");

-- CreateIndex
CREATE INDEX "refund_business_day_idx" ON "refund"("business_day");

-- CreateIndex
CREATE INDEX "refund_sale_id_idx" ON "refund"("sale_id");

-- CreateIndex
CREATE INDEX "refund_order_id_idx" ON "refund"("order_id");

-- CreateIndex
CREATE UNIQUE INDEX "refund_register_id_refund_no_key" ON "refund"("register_id", "refund_no");

-- CreateIndex
CREATE INDEX "refund_line_product_id_idx" ON "refund_line"("product_id");

-- CreateIndex
CREATE INDEX "price_change_product_id_id_idx" ON "price_change"("product_id", "id");

-- AddForeignKey
ALTER TABLE "stored_item" ADD CONSTRAINT "stored_item_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stored_item" ADD CONSTRAINT "stored_item_storage_id_fkey" FOREIGN KEY ("storage_id") REFERENCES "storage"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stock_transfer" ADD CONSTRAINT "stock_transfer_from_storage_id_fkey" FOREIGN KEY ("from_storage_id") REFERENCES "storage"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stock_transfer" ADD CONSTRAINT "stock_transfer_to_storage_id_fkey" FOREIGN KEY ("to_storage_id") REFERENCES "storage"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stock_transfer_line" ADD CONSTRAINT "stock_transfer_line_transfer_id_fkey" FOREIGN KEY ("transfer_id") REFERENCES "stock_transfer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stock_transfer_line" ADD CONSTRAINT "stock_transfer_line_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sale" ADD CONSTRAINT "sale_register_id_fkey" FOREIGN KEY ("register_id") REFERENCES "register"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sale_line" ADD CONSTRAINT "sale_line_sale_id_fkey" FOREIGN KEY ("sale_id") REFERENCES "sale"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sale_line" ADD CONSTRAINT "sale_line_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_sale_id_fkey" FOREIGN KEY ("sale_id") REFERENCES "sale"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_register_id_fkey" FOREIGN KEY ("register_id") REFERENCES "register"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_sale_id_fkey" FOREIGN KEY ("sale_id") REFERENCES "sale"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "customer_order"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund_line" ADD CONSTRAINT "refund_line_refund_id_fkey" FOREIGN KEY ("refund_id") REFERENCES "refund"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund_line" ADD CONSTRAINT "refund_line_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "register_closing" ADD CONSTRAINT "register_closing_register_id_fkey" FOREIGN KEY ("register_id") REFERENCES "register"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_change" ADD CONSTRAINT "price_change_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The rules that the schema language cannot state
ALTER TABLE "order_item" ADD CONSTRAINT "order_item_returned_check" CHECK ("returned" BETWEEN 0 AND "quantity");

ALTER TABLE "storage" ADD CONSTRAINT "storage_code_check" CHECK ("code" ~ '^[A-Z][A-Z0-9-]*$' AND "code" <> 'FLOOR');

ALTER TABLE "stored_item" ADD CONSTRAINT "stored_item_quantity_check" CHECK ("quantity" >= 0);

ALTER TABLE "stock_transfer" ADD CONSTRAINT "stock_transfer_places_check" CHECK ("from_storage_id" IS DISTINCT FROM "to_storage_id");

ALTER TABLE "stock_transfer_line" ADD CONSTRAINT "stock_transfer_line_quantity_check" CHECK ("quantity" > 0);

ALTER TABLE "sale" ADD CONSTRAINT "sale_total_cents_check" CHECK ("total_cents" >= 0);

ALTER TABLE "sale_line" ADD CONSTRAINT "sale_line_line_no_check" CHECK ("line_no" > 0),
    ADD CONSTRAINT "sale_line_quantity_check" CHECK ("quantity" > 0),
    ADD CONSTRAINT "sale_line_unit_price_cents_check" CHECK ("unit_price_cents" >= 0),
    ADD CONSTRAINT "sale_line_line_total_cents_check" CHECK ("line_total_cents" = "unit_price_cents"::bigint * "quantity"),
    ADD CONSTRAINT "sale_line_returned_check" CHECK ("returned" BETWEEN 0 AND "quantity");

ALTER TABLE "payment" ADD CONSTRAINT "payment_amount_cents_check" CHECK ("amount_cents" >= 0),
    ADD CONSTRAINT "payment_tendered_cents_check" CHECK ("tendered_cents" >= "amount_cents");

ALTER TABLE "refund" ADD CONSTRAINT "refund_amount_cents_check" CHECK ("amount_cents" >= 0),
    ADD CONSTRAINT "refund_source_check" CHECK (num_nonnulls("sale_id", "order_id") = 1);

ALTER TABLE "refund_line" ADD CONSTRAINT "refund_line_quantity_check" CHECK ("quantity" > 0),
    ADD CONSTRAINT "refund_line_amount_cents_check" CHECK ("amount_cents" >= 0);

-- A shop has a till and somewhere to keep its goods.
INSERT INTO "register" ("name") VALUES ('Till 1'), ('Till 2');
INSERT INTO "storage" ("code", "name") VALUES ('WAREHOUSE', 'Warehouse');
