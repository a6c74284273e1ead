-- CreateIndex
-- Alone in its file: CONCURRENTLY cannot run inside the transaction that several statements would share.
CREATE INDEX CONCURRENTLY "product_name_idx" ON "product"("name");
